"""Signatures of applications, read from TOML, and the search for them in what a packet carries."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

__all__ = ["Pattern", "Repetition", "Signature", "read_signatures"]

_KEYS = {"number", "name", "ports", "first", "patterns", "repeated"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_MOST_BYTES = 65535


@dataclass(frozen=True)
class Pattern:
    """Bytes that lie in the payload from `begin` to `end`; where `is_fixed`, they begin at `begin`."""

    expression: re.Pattern[bytes]
    begin: int
    end: int
    is_fixed: bool

    def is_in(self, payload: bytes) -> bool:
        """Whether the payload has them there."""
        look = self.expression.match if self.is_fixed else self.expression.search
        return look(payload, self.begin, self.end) is not None


@dataclass(frozen=True)
class Repetition:
    """`length` bytes of `distinct` values or more that stand at `times` positions without overlapping.

    Positions begin at `begin`. With `positions` these are meant, and the bytes there may differ from
    those at the first one in `differing` places each.
    """

    length: int
    times: int = 2
    distinct: int = 4
    begin: int = 0
    positions: tuple[int, ...] = ()
    differing: int = 0

    def is_in(self, payload: bytes) -> bool:
        """Whether the payload has similar data at different positions."""
        return self._is_alike(payload) if self.positions else self._is_anywhere(payload)

    def _is_varied(self, block: bytes) -> bool:
        return len(set(block)) >= self.distinct

    def _is_alike(self, payload: bytes) -> bool:
        blocks = [payload[at : at + self.length] for at in self.positions]
        first = blocks[0]
        return all(len(block) == self.length for block in blocks) and all(
            self._is_varied(block)
            and sum(a != b for a, b in zip(first, block, strict=True)) <= self.differing
            for block in blocks
        )

    def _is_anywhere(self, payload: bytes) -> bool:
        """Each block is counted where it first ends before it begins again: that is most often."""
        counts: dict[bytes, tuple[int, int]] = {}
        for at in range(self.begin, len(payload) - self.length + 1):
            block = payload[at : at + self.length]
            free, count = counts.get(block, (0, 0))
            if at < free:
                continue
            if count + 1 >= self.times and self._is_varied(block):
                return True
            counts[block] = (at + self.length, count + 1)
        return False


@dataclass(frozen=True)
class Signature:
    """One application: packets from or to one of `ports`, with all `patterns`, and the repetition."""

    number: int
    name: str
    ports: frozenset[int]
    patterns: tuple[Pattern, ...]
    repetition: Repetition | None = None

    def is_in(self, source: int, destination: int, payload: bytes) -> bool:
        """Whether a packet with these ports and this payload bears it."""
        return (
            (source in self.ports or destination in self.ports)
            and all(pattern.is_in(payload) for pattern in self.patterns)
            and (self.repetition is None or self.repetition.is_in(payload))
        )


def read_signatures(text: str) -> tuple[Signature, ...]:
    """The signatures of a text; ValueError says what is wrong with it, where, and what is allowed."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not TOML: {error}") from None
    if unknown := sorted(document.keys() - {"signature"}):
        raise ValueError(f"'{unknown[0]}' is not known; allowed: tables [[signature]]")
    entries = document.get("signature", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("'signature' is no list of tables; write [[signature]]")
    found = [_signature(entry, place) for place, entry in enumerate(entries, 1)]
    for kind in ("number", "name"):
        values = [getattr(signature, kind) for signature in found]
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise ValueError(f"{kind} {twice} is given to more than one signature")
    return tuple(found)


def _signature(entry: dict[str, Any], place: int) -> Signature:
    where = f"signature {place}"
    _check_keys(entry, _KEYS, {"number", "name", "ports", "patterns"}, where)
    name = entry["name"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"{where}: name: {name!r} is no name; allowed: letters, digits, . _ -")
    first = _number(entry, "first", 72, 1, _MOST_BYTES, where)
    patterns = _list(entry, "patterns", where)
    repeated = entry.get("repeated")
    return Signature(
        number=_number(entry, "number", 0, 1, 255, where),
        name=name,
        ports=frozenset(
            _whole(port, 0, 65535, f"{where}: ports") for port in _list(entry, "ports", where)
        ),
        patterns=tuple(_pattern(item, first, f"{where}: patterns") for item in patterns),
        repetition=None if repeated is None else _repetition(repeated, f"{where}: repeated"),
    )


def _pattern(entry: object, first: int, where: str) -> Pattern:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: {entry!r} is no table such as {{bytes = '80 46', at = 0}}")
    _check_keys(entry, {"bytes", "at", "from"}, {"bytes"}, where)
    if "at" in entry and "from" in entry:
        raise ValueError(f"{where}: 'at' and 'from' exclude each other")
    digits = "".join(str(entry["bytes"]).split())
    if not re.fullmatch(r"([0-9A-Fa-f]{2}|\?\?)+", digits):
        raise ValueError(
            f"{where}: bytes: {entry['bytes']!r} is not understood; "
            "allowed: bytes in hexadecimal, and ?? for any, as in '80 46 ?? 03'"
        )
    parts = [digits[place : place + 2] for place in range(0, len(digits), 2)]
    key = "at" if "at" in entry else "from"
    begin = _number(entry, key, 0, 0, first - len(parts), where)
    expression = b"".join(
        b"." if part == "??" else re.escape(bytes.fromhex(part)) for part in parts
    )
    return Pattern(re.compile(expression, re.DOTALL), begin, first, "at" in entry)


def _repetition(entry: object, where: str) -> Repetition:
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: {entry!r} is no table such as {{length = 16}}")
    anywhere, placed = {"times", "from"}, {"positions", "differing"}
    _check_keys(entry, {"length", "distinct", *anywhere, *placed}, {"length"}, where)
    length = _number(entry, "length", 0, 2, 1024, where)
    positions: tuple[int, ...] = ()
    if "positions" in entry:
        if wrong := sorted(anywhere & entry.keys()):
            raise ValueError(f"{where}: '{wrong[0]}' and 'positions' exclude each other")
        listed = _list(entry, "positions", where)
        positions = tuple(_whole(item, 0, _MOST_BYTES, f"{where}: positions") for item in listed)
        if len(positions) < 2:
            raise ValueError(f"{where}: positions: there must be two or more")
    elif "differing" in entry:
        raise ValueError(f"{where}: 'differing' is only for 'positions'")
    return Repetition(
        length,
        times=_number(entry, "times", 2, 2, 255, where),
        distinct=_number(entry, "distinct", min(4, length), 1, min(length, 256), where),
        begin=_number(entry, "from", 0, 0, _MOST_BYTES, where),
        positions=positions,
        differing=_number(entry, "differing", 0, 0, length - 1, where),
    )


def _check_keys(entry: dict[str, Any], allowed: set[str], needed: set[str], where: str) -> None:
    if unknown := sorted(entry.keys() - allowed):
        raise ValueError(
            f"{where}: '{unknown[0]}' is not known; allowed: {', '.join(sorted(allowed))}"
        )
    if missing := sorted(needed - entry.keys()):
        raise ValueError(f"{where}: '{missing[0]}' is missing")


def _list(entry: dict[str, Any], key: str, where: str) -> list[object]:
    value = entry[key]
    if not isinstance(value, list) or not value:
        raise ValueError(f"{where}: {key}: a list with one item or more is needed")
    return value


def _number(
    entry: dict[str, Any], key: str, default: int, least: int, most: int, where: str
) -> int:
    return _whole(entry.get(key, default), least, most, f"{where}: {key}")


def _whole(value: object, least: int, most: int, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{where}: {value!r} is not a whole number from {least} to {most}")
    return value
