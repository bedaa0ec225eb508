"""Moments and durations as people write them, and as tables show them."""

from __future__ import annotations

import re
import time
from datetime import datetime

from weft.errors import UsageError

__all__ = ["duration_s", "local_time", "moment_s", "utc_time"]

_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(s|min|m|h|d)?", re.ASCII)
_ALLOWED = "a number with one of s, min, h, d, as in 5min"


def duration_s(option: str, text: str) -> float:
    """Seconds of a duration such as `5min`; a bare number is seconds."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{option} '{text}': allowed: {_ALLOWED}")
    return float(found[1]) * _UNITS[found[2] or "s"]


def moment_s(option: str, text: str) -> float:
    """Unix time of a moment: so long ago, or a date and time, local where it has no offset."""
    if found := _DURATION.fullmatch(text.strip()):
        return time.time() - float(found[1]) * _UNITS[found[2] or "s"]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{option} '{text}': allowed: {_ALLOWED}, or a date and time as in 2026-11-20T16:05"
        ) from None


def local_time(at_s: float | None, digits: int = 3) -> str:
    """Date and time here, to fractions of a second; of a line without a time as many blanks."""
    if at_s is None:
        return " " * (20 + digits if digits else 19)
    text = datetime.fromtimestamp(at_s).strftime("%Y-%m-%d %H:%M:%S.%f")
    return text[: 20 + digits] if digits else text[:19]


def utc_time(at_s: float | None) -> str | None:
    """The time as RFC 3339 has it, to the microsecond."""
    if at_s is None:
        return None
    whole, micros = divmod(round(at_s * 1e6), 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{micros:06d}Z"
