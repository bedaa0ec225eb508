"""Amounts with units, and typed parameter values. Each reader returns the value or what is allowed."""

from __future__ import annotations

import datetime
import ipaddress
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CPU_ALLOWED",
    "DURATION_ALLOWED",
    "MEMORY_ALLOWED",
    "MOMENT_ALLOWED",
    "PARAMETER_TYPES",
    "cpu_share",
    "duration_s",
    "memory_bytes",
    "moment",
    "whole_number",
]

_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_MEMORY = re.compile(r"(\d+(?:\.\d+)?) ?(KiB|MiB|GiB|kB|MB|GB)", re.ASCII)
_MEMORY_LEAST = 8 * 2**20
_MEMORY_MOST = 2**44
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(us|ms|s|min)", re.ASCII)
_DURATION_LEAST_S = 1e-3
_DURATION_MOST_S = 3600.0
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}", re.ASCII)
_INTEGER = re.compile(r"[+-]?(0[xX][0-9a-fA-F]+|\d+)", re.ASCII)

MEMORY_ALLOWED = "a number with one of KiB, MiB, GiB, kB, MB, GB, at least 8MiB, as in 64MiB"
CPU_ALLOWED = "a number of cores above 0 and at most 1024, as in 0.5"
DURATION_ALLOWED = "a number with one of us, ms, s, min, from 1ms to 60min, as in 500ms"

MOMENT_ALLOWED = "a date, or a time with its zone, as in 2026-03-31 or 2026-03-31T12:00:00+02:00"
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d))?",
    re.ASCII,
)


def moment(text: str) -> str | None:
    """A date or a time with its zone, in the form of RFC 3339, or None where it is neither."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def memory_bytes(text: str) -> int | None:
    """Bytes of an amount such as `64MiB`, or None where it is not one."""
    match = _MEMORY.fullmatch(text.strip())
    if match is None or len(match[1]) > 20:
        return None
    amount = float(match[1]) * _UNITS[match[2]]
    return int(amount) if _MEMORY_LEAST <= amount <= _MEMORY_MOST else None


def cpu_share(text: str) -> float | None:
    """Cores, such as 0.5, or None where it is not a sensible number."""
    try:
        share = float(text)
    except ValueError:
        return None
    return share if math.isfinite(share) and 0 < share <= 1024 else None


def duration_s(text: str) -> float | None:
    """Seconds of a duration such as `500ms`, or None where it is not one, or too short or long."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    seconds = float(match[1]) * _SECONDS[match[2]]
    return seconds if _DURATION_LEAST_S <= seconds <= _DURATION_MOST_S else None


def whole_number(text: str, least: int, most: int) -> int | None:
    """A whole number in decimal digits within bounds, or None where it is not one."""
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        return None
    number = int(text)
    return number if least <= number <= most else None


def _is_text(text: str) -> bool:
    """Bytes of the command line that are no text are halves of surrogate pairs."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def accepts(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return accepts


def _is_prefix(text: str) -> bool:
    return "/" in text and _parses(lambda value: ipaddress.ip_network(value, strict=False))(text)


PARAMETER_TYPES: dict[str, tuple[Callable[[str], bool], str]] = {
    "text": (_is_text, "any text in UTF-8"),
    "integer": (lambda text: bool(_INTEGER.fullmatch(text)), "a whole number"),
    "number": (_is_number, "a number"),
    "boolean": (lambda text: text in ("true", "false"), "true or false"),
    "ip": (_parses(ipaddress.ip_address), "an IP address, as in 10.0.0.1"),
    "prefix": (_is_prefix, "an IP prefix, as in 10.0.0.0/24"),
    "mac": (lambda text: bool(_MAC.fullmatch(text)), "a MAC address, as in 02:00:00:00:00:01"),
    "file": (lambda text: bool(text) and _is_text(text), "the name of a file of the package"),
}
"""For each type of a parameter: does it accept a text, and what does it allow."""
