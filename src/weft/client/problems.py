"""Errors as they cross between client and server: problem details (RFC 9457), and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from weft import errors
from weft.errors import WeftError
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXTRA", "PROBLEM_TYPE", "error_of", "slug_of"]

PROBLEM_TYPE = "urn:weft:problem:"
"""What the `type` of every problem begins with."""

EXTRA = ("code", "stage", "lines", "part", "exit_status")
"""What some errors say beyond their message."""

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


def slug_of(kind: type[WeftError]) -> str:
    """The last part of the type of an error's problem: `function-not-found`."""
    return _WORD.sub("-", kind.__name__.removesuffix("Error")).lower()


_KINDS = {slug_of(getattr(errors, name)): getattr(errors, name) for name in errors.__all__}


def error_of(problem: Mapping[str, Any]) -> WeftError:
    """The error that a server has told; one it has invented since is a plain one."""
    slug = str(problem.get("type", "")).removeprefix(PROBLEM_TYPE)
    kind: type[WeftError] = _KINDS.get(slug, WeftError)
    error = kind.__new__(kind)
    message = str(problem.get("detail") or problem.get("title") or "the server gives no reason")
    WeftError.__init__(error, message, hint=problem.get("hint"))
    for name in EXTRA:
        if name in problem:
            value = problem[name]
            setattr(error, name, tuple(value) if isinstance(value, list) else value)
    if isinstance(error, errors.PackageError):
        error.problems = tuple(_problem(item) for item in problem.get("problems", ()))
    return error


def _problem(item: Mapping[str, Any]) -> Problem:
    return Problem(str(item.get("file", "")), int(item.get("line", 0)), str(item["message"]))
