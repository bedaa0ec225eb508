"""What the end of a process cost, and what it may cost."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

__all__ = ["BACK_MS", "Cost", "limits_of_component", "limits_of_engine", "sort_drops"]

BACK_MS = 50.0
# What the engine takes from a device at a time and gives one at a time.
IN_HAND = 64 + 64
# Packets that a component has at most; as many more wait for it in the engine.
CAPACITY = 512
HOLD = 4096


@dataclass(slots=True)
class Cost:
    """One row of the table. `in_flight` and `away` are packets lost, each with the most allowed.

    `drops` are all that the function counted meanwhile, by element and reason.
    """

    ended: str
    fallback: str = "-"
    sent: int = 0
    received: int = 0
    in_flight: int = 0
    in_flight_most: int = 0
    away: int = 0
    away_most: int = 0
    overtaken: int = 0
    doubled: int = 0
    silences_ms: list[float] = field(default_factory=list)
    silence_most_ms: float | None = None
    back_ms: float | None = None
    drops: dict[str, int] = field(default_factory=dict)

    @property
    def unaccounted(self) -> int:
        """Packets sent of which nothing is known; below 0 if more is known than was sent."""
        return self.sent - (self.received - self.doubled) - self.in_flight - self.away

    @property
    def silence_ms(self) -> float:
        """The longest time without a packet, the median of several ends."""
        return statistics.median(self.silences_ms)

    @property
    def is_slow(self) -> bool:
        """Whether packets did not come for longer than is allowed."""
        return self.silence_most_ms is not None and self.silence_ms >= self.silence_most_ms

    @property
    def as_it_should(self) -> bool:
        """Whether it cost what is allowed, and no more."""
        return (
            0 <= self.in_flight <= self.in_flight_most
            and 0 <= self.away <= self.away_most
            and self.unaccounted == self.overtaken == self.doubled == 0
            and not self.is_slow
        )


def limits_of_engine(components: int, on_the_way: int) -> int:
    """The most packets that may end with an engine: in its hand, and on the way when it was killed."""
    return IN_HAND + min(components * 2 * CAPACITY, on_the_way)


def limits_of_component(fallback: str, hangs: bool, met: int) -> tuple[int, int]:
    """The most packets that may end with a component, and that may be dropped while it is away.

    `met` are those on the way when it was ended, and those sent until it was back. One that hangs is
    full until that is known.
    """
    if hangs:
        return CAPACITY, met
    away = {"drop": met, "hold": max(met - HOLD, 0), "bypass": 0}
    return CAPACITY, away[fallback]


def sort_drops(drops: dict[str, int], name: str, fallback: str, hangs: bool) -> tuple[int, int]:
    """Of the packets dropped: those that ended with a component, those that met it away."""
    ends = [f"{name}: component-lost", f"{name}: component-hung"]
    away = [f"{name}: {why}" for why in _AWAY[fallback]]
    if hangs:  # what is before it waits for it, and is full in turn
        away += [reason for reason in drops if reason.endswith(": ring-full")]
    return sum(drops.get(reason, 0) for reason in ends), sum(drops.get(r, 0) for r in away)


_AWAY = {"drop": ["component-away"], "hold": ["hold-full"], "bypass": []}
