"""What the demo takes for allowed when a process is killed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from demo.costs import Cost, limits_of_component, limits_of_engine, sort_drops

KILLED = Cost(
    "filter (C)",
    "drop",
    sent=1000,
    received=900,
    in_flight=10,
    in_flight_most=512,
    away=90,
    away_most=90,
    silences_ms=[30.0, 20.0, 90.0],
)


def test_a_kill_that_cost_what_it_may() -> None:
    assert KILLED.unaccounted == 0
    assert KILLED.silence_ms == 30.0
    assert KILLED.as_it_should


@pytest.mark.parametrize(
    "change",
    [
        {"in_flight": 513, "received": 397},
        {"away": 91, "received": 899},
        {"received": 899},
        {"received": 901},
        {"overtaken": 1},
        {"doubled": 1, "received": 901},
        {"silence_most_ms": 30.0},
    ],
    ids=["in-flight", "away", "vanished", "too-many", "overtaken", "doubled", "slow"],
)
def test_a_kill_that_cost_more(change: dict[str, Any]) -> None:
    assert not replace(KILLED, **change).as_it_should


@pytest.mark.parametrize(
    ("fallback", "hangs", "sent", "away"),
    [
        ("drop", False, 70, 70),
        ("bypass", False, 70, 0),
        ("hold", False, 4096, 0),
        ("hold", False, 5000, 904),
        ("bypass", True, 70, 70),
    ],
)
def test_what_may_be_dropped_depends_on_the_fallback(
    fallback: str, hangs: bool, sent: int, away: int
) -> None:
    assert limits_of_component(fallback, hangs, sent) == (512, away)


def test_an_engine_may_lose_what_was_on_its_way() -> None:
    assert limits_of_engine(components=5, on_the_way=7) == 128 + 7
    assert limits_of_engine(components=1, on_the_way=5000) == 128 + 2 * 512


def test_drops_of_others_are_not_taken_for_the_component_s() -> None:
    drops = {
        **{"filter: component-lost": 1, "filter: component-away": 2, "filter: signature": 4},
        **{"meter: component-lost": 8, "check: ring-full": 16},
    }
    assert sort_drops(drops, "filter", "drop", hangs=False) == (1, 2)
    assert sort_drops(drops, "filter", "bypass", hangs=False) == (1, 0)
    assert sort_drops(drops, "meter", "bypass", hangs=True) == (8, 16)
