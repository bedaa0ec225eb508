"""What compilers say, as problems with file and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.problem import Problem
from weft.vnf.building.cache import digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from weft.model.package import Component

__all__ = ["SOURCES_KEY", "compile_error", "problems_of", "sources_of", "tree_digest"]

SOURCES_KEY: Mapping[str, bool] = {"sources": False}
_SAID = re.compile(
    r"(?:\S*/ld: )?(?:\./)*(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? "
    r"(?:(?P<kind>fatal error|error|warning|note): )?(?P<message>.+)"
)
_UNDEFINED = "undefined reference"
_KEPT_LINES = 5


def problems_of(output: str, kinds: tuple[str, ...] = ("error", "fatal error")) -> list[Problem]:
    """The errors (or warnings) in the output of cc, ld or javac, each once."""
    found: dict[Problem, None] = {}
    for line in output.splitlines():
        match = _SAID.fullmatch(line)
        if match is None:
            continue
        is_link_error = match["kind"] is None and match["message"].startswith(_UNDEFINED)
        if match["kind"] in kinds or (is_link_error and "error" in kinds):
            found[Problem(match["file"], int(match["line"]), match["message"])] = None
    return list(found)


def compile_error(component: Component, output: str) -> PackageError:
    """What a compiler refused; where no line of it names a place, its last words."""
    problems = problems_of(output)
    if not problems:
        said = [line.strip() for line in output.splitlines() if line.strip()][-_KEPT_LINES:]
        message = "; ".join(said) or "the compiler failed without a word"
        problems = [Problem(component.file, 0, message)]
    return PackageError(component.name, problems)


def sources_of(component: Component) -> tuple[str, ...]:
    """The files of the package that are compiled for it."""
    return (component.file, *component.option("sources"))


def tree_digest(folder: Path) -> str:
    """A name for the contents of a folder."""
    parts: list[str | bytes] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        parts += [path.relative_to(folder).as_posix(), path.read_bytes()]
    return digest_of(parts)
