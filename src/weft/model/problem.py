"""One thing wrong with something a person wrote, and where."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, in which file, on which line (1 is the first; 0 means the whole file)."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """The form compilers and Click use, so that editors can jump to it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"
