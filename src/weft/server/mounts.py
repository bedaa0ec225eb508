"""The file systems that are mounted here, whatever they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mount", "mounts"]

# Blanks and backslashes in names, as proc(5) has them.
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system and where it is; bytes of names that are no text are as `os.fsdecode` has them."""

    device: str
    place: Path
    kind: str
    options: frozenset[str]


def mounts() -> list[Mount]:
    """All of them, in the order they were mounted; OSError where nobody tells."""
    lines = Path("/proc/self/mounts").read_text(errors="surrogateescape").split("\n")
    found = []
    for line in filter(None, lines):
        device, place, kind, options = (_OCTAL.sub(_byte, word) for word in line.split(" ")[:4])
        found.append(Mount(device, Path(place), kind, frozenset(options.split(","))))
    return found


def _byte(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 8))
