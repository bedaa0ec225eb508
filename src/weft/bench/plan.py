"""What `weft bench components` measures: combinations of components, and how often each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weft.bench.interval import Interval, interval_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ANALYZERS", "FILTERS", "FORWARDING", "Combination", "Plan", "Sample", "Series"]

ANALYZERS = {
    "scapy": "",  # as it stands there
    "numpy": "{framework: python, file: numpy_analyzer.py, arguments: ['${SIGNATURES}']}",
}
"""Analyzers of the package l7-firewall: a line of its vnf.yaml each."""

FILTERS = {
    "c": "{framework: c, file: filter.c}",
    "click": "{framework: click, file: filter.click}",
    "java": "{framework: java, file: Filter.java}",
    "python": "{framework: python, file: filter.py}",
    "javascript": "{framework: javascript, file: filter.mjs}",
}
"""Packet filters of the package, in the same way."""


@dataclass(frozen=True, slots=True)
class Combination:
    """An analyzer and a packet filter; both empty for the kernel that forwards between the hosts."""

    analyzer: str = ""
    filter: str = ""

    @property
    def label(self) -> str:
        """What it is called in tables and plots."""
        return f"{self.analyzer} + {self.filter}" if self.analyzer else "kernel forwarding"

    @property
    def name(self) -> str:
        """What its function is called."""
        return f"bench-{self.analyzer}-{self.filter}"


FORWARDING = Combination()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and when it is enough.

    A repetition is the median of `requests` round trips behind `warm_up` that do not count. Each
    combination has `repeat` repetitions at least, and more until the interval of their mean, at
    `confidence`, is no wider than `interval` times the mean to either side, `most` of them at most.
    """

    combinations: tuple[Combination, ...]
    repeat: int = 30
    most: int = 300
    interval: float = 0.05
    confidence: float = 0.95
    requests: int = 50
    warm_up: int = 5
    pause_ms: float = 0.0
    protocol: str = "tcp"
    size: int = 64
    time_limit_s: float = 600.0

    def enough(self, series: Series) -> bool:
        """Whether a combination was measured often enough."""
        count = len(series.samples)
        return count >= self.most or (
            count >= self.repeat and series.interval(self.confidence).relative <= self.interval
        )


@dataclass(frozen=True, slots=True)
class Sample:
    """One repetition: its round trip, and the parsing and the packets of the analyzer in one round trip."""

    rtt_us: float
    parsing_us: float = 0.0
    packets: float = 0.0


@dataclass(slots=True)
class Series:
    """All repetitions of one combination, in the order in which they were measured."""

    combination: Combination
    samples: list[Sample] = field(default_factory=list)

    @property
    def rtts_us(self) -> Sequence[float]:
        """The round trips alone."""
        return [sample.rtt_us for sample in self.samples]

    def interval(self, confidence: float) -> Interval:
        """The mean round trip with its interval."""
        return interval_of(self.rtts_us, confidence)
