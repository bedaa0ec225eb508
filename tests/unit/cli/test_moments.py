"""Moments and durations that people write."""

from __future__ import annotations

import time

import pytest

from weft.cli.history import bars
from weft.cli.moments import duration_s, local_time, moment_s, utc_time
from weft.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5", 5), ("0.5s", 0.5), ("5min", 300), ("5 m", 300), ("2h", 7200), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s("--for", text) == seconds
    assert moment_s("--since", text) == pytest.approx(time.time() - seconds, abs=60)


def test_a_date_and_time_is_a_moment() -> None:
    assert moment_s("--since", "2026-11-20T16:05:00Z") == 1795190700.0
    local = time.mktime((2026, 11, 20, 16, 5, 0, 0, 0, -1))
    assert moment_s("--since", "2026-11-20 16:05") == local


@pytest.mark.parametrize("text", ["", "-5s", "5y", "yesterday", "1e9", "٣s"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        duration_s("--for", text)
    assert caught.value.message == (
        f"--for '{text}': allowed: a number with one of s, min, h, d, as in 5min"
    )
    with pytest.raises(UsageError, match=r"or a date and time as in 2026-11-20T16:05$"):
        moment_s("--since", text)


def test_times_are_shown_here_and_in_utc() -> None:
    assert utc_time(1795190700.25) == "2026-11-20T16:05:00.250000Z"
    assert utc_time(None) is None
    shown = local_time(1795190700.25)
    assert (len(shown), shown[-7:]) == (23, ":00.250")
    assert local_time(None) == " " * 23


def test_bars_show_gaps() -> None:
    assert bars([0.0, None, 7.0, 3.5]) == "▁ █▅"
    assert bars([5.0, 5.0]) == "▁▁"
    assert bars([None]) == ""
