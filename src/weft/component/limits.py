"""Limits of a handler's value, as the contract writes them: `MIN..MAX`, `A|B|C`, `..N bytes`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.component.errors import HandlerError
from weft.component.protocol import MAX_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MOST_LIMITS", "SHOWN", "Limits", "shortened"]

MOST_LIMITS = 1024  # bytes
SHOWN = 200  # characters of a refused value that its error repeats
BYTES = re.compile(r"\.\.([0-9]{1,9}) bytes")
Number = int | float


def shortened(text: str) -> str:
    """What a refusal repeats of a value."""
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


@dataclass(frozen=True)
class Limits:
    """Which values a handler takes; without any, all of its type."""

    least: Number | None = None
    most: Number | None = None
    choices: tuple[Number | str, ...] = ()
    most_bytes: int | None = None
    allowed: str = ""  # in words

    @classmethod
    def parse(
        cls, text: str, word: str, number: Callable[[str], Number] | None, most_bytes: bool
    ) -> Limits:
        """Limits for values of the type called `word`; ValueError says what is allowed.

        `number` reads a number of the type, or raises ValueError; None where it is none. `most_bytes` says
        whether its length can be limited.
        """
        if not text:
            return cls()
        size = len(text.encode())
        if size > MOST_LIMITS:
            raise ValueError(f"limits of {size} bytes; at most {MOST_LIMITS} are allowed")
        try:
            if "|" in text:
                return cls._choices(text, word, number)
            return cls._range(text, number) if number else cls._length(text, most_bytes)
        except ValueError:
            forms = _forms(word, number is not None, most_bytes)
            raise ValueError(
                f"limits '{text}' are not possible for {word}; allowed: {forms}"
            ) from None

    @classmethod
    def _choices(cls, text: str, word: str, number: Callable[[str], Number] | None) -> Limits:
        parts = text.split("|")
        if "" in parts or len(set(parts)) != len(parts) or (number is None and word != "text"):
            raise ValueError
        values = tuple(number(part) if number else part for part in parts)
        return cls(choices=values, allowed=", ".join(parts))

    @classmethod
    def _range(cls, text: str, number: Callable[[str], Number]) -> Limits:
        low, dots, high = text.partition("..")
        least, most = number(low) if low else None, number(high) if high else None
        if not dots or (least is None and most is None):
            raise ValueError
        if least is None or most is None:
            return cls(least, most, allowed=f"at least {low}" if low else f"at most {high}")
        if least > most:
            raise ValueError
        return cls(least, most, allowed=f"{low} to {high}")

    @classmethod
    def _length(cls, text: str, possible: bool) -> Limits:
        found = BYTES.fullmatch(text) if possible else None
        if not found or not 1 <= int(found[1]) <= MAX_PAYLOAD:
            raise ValueError
        return cls(most_bytes=int(found[1]), allowed=f"at most {found[1]} bytes")

    def check(self, value: object, data: bytes) -> None:
        """Raises HandlerError, which says what is allowed, for a value (and its bytes) outside of them."""
        if self.allowed and not self._allow(value, data):
            text = shortened(data.decode(errors="replace"))
            raise HandlerError(f"'{text}' is not allowed; allowed: {self.allowed}")

    def _allow(self, value: object, data: bytes) -> bool:
        if self.most_bytes is not None:
            return len(data) <= self.most_bytes
        if self.choices:
            return value in self.choices
        assert isinstance(value, int | float)
        low = self.least is None or value >= self.least
        return low and (self.most is None or value <= self.most)


def _forms(word: str, is_number: bool, most_bytes: bool) -> str:
    if is_number:
        return "MIN..MAX or A|B|C"
    if word == "text":
        return "..N bytes or A|B|C"
    return "..N bytes" if most_bytes else "none"
