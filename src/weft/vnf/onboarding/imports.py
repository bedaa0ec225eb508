"""What a Python program of another system needs installed: told by what it imports."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from weft.model.package import MANIFEST
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Needs", "needs_of"]

_THERE = frozenset(("numpy", "weft"))
"""Modules that every Python component finds."""
_DISTRIBUTIONS = {
    **{name: name for name in ("dpkt", "netaddr", "psutil", "pyshark", "requests", "scapy")},
    "yaml": "PyYAML",
}
"""Modules that programs of network functions import, and what they come in."""


@dataclass(frozen=True)
class Needs:
    """Requirements of a program, and what is to be told about them."""

    requirements: tuple[str, ...] = ()
    notes: tuple[Problem, ...] = ()


def needs_of(file: str, content: bytes, files: Iterable[str]) -> Needs:
    """What a program imports beyond Python itself and the files beside it."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 0
        return Needs(notes=(Problem(file, line, "not understood as Python 3"),))
    beside = {PurePosixPath(name).stem for name in files} | {
        part for name in files for part in PurePosixPath(name).parts[:-1]
    }
    missing = sorted({*_imported(tree)} - sys.stdlib_module_names - _THERE - beside)
    notes = []
    for name in missing:
        known = _DISTRIBUTIONS.get(name)
        told = f"its requirement '{known}' is fetched when it is built"
        if known is None:
            told = f"say under its 'requirements' in {MANIFEST} what that comes in"
        notes.append(Problem(file, 0, f"imports '{name}': {told}"))
    found = (_DISTRIBUTIONS[name] for name in missing if name in _DISTRIBUTIONS)
    return Needs(tuple(found), tuple(notes))


def _imported(tree: ast.AST) -> Iterator[str]:
    """The first words of all modules imported, wherever that is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
