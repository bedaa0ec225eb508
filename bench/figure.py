"""A figure: what was measured, its spread, and the goal it is held against."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["Bound", "BrokenRunError", "Figure", "Goal", "Verdict", "at_least", "at_most"]


class BrokenRunError(Exception):
    """A run whose result is not intact: its time says nothing."""


class Bound(Enum):
    """On which side of the goal a figure should lie."""

    AT_LEAST = "≥"
    AT_MOST = "≤"


class Verdict(Enum):
    """How a figure stands to its goal."""

    MET = "met"
    MISSED = "missed"
    REACHED = "reached early"
    AHEAD = "not yet"
    OPEN = "no goal"


@dataclass(frozen=True, slots=True)
class Goal:
    """A value promised now, and one aimed at later; either may be missing."""

    bound: Bound
    now: float | None = None
    later: float | None = None

    def verdict(self, value: float) -> Verdict:
        """Whether a value keeps the promise, or where there is none, has reached what is aimed at."""
        if self.now is not None:
            return Verdict.MET if self.reaches(value, self.now) else Verdict.MISSED
        if self.later is not None:
            return Verdict.REACHED if self.reaches(value, self.later) else Verdict.AHEAD
        return Verdict.OPEN

    def reaches(self, value: float, wanted: float) -> bool:
        """Whether a value lies on the right side of a wanted one."""
        return value >= wanted if self.bound is Bound.AT_LEAST else value <= wanted


@dataclass(frozen=True, slots=True)
class Figure:
    """Repeated measurements of one thing. `unit` is empty for a ratio."""

    name: str
    unit: str
    goal: Goal
    samples: tuple[float, ...]
    detail: dict[str, float] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The value that stands for all."""
        return statistics.median(self.samples)

    @property
    def verdict(self) -> Verdict:
        """How the median stands to the goal."""
        return self.goal.verdict(self.median)

    def as_json(self) -> dict[str, Any]:
        """Everything about the figure, as plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "bound": self.goal.bound.value,
            "goal": self.goal.now,
            "later_goal": self.goal.later,
            "median": self.median,
            "min": min(self.samples),
            "max": max(self.samples),
            "samples": list(self.samples),
            "verdict": self.verdict.value,
            "detail": self.detail,
        }


def at_least(now: float | None = None, later: float | None = None) -> Goal:
    """The more the better."""
    return Goal(Bound.AT_LEAST, now, later)


def at_most(now: float | None = None, later: float | None = None) -> Goal:
    """The less the better."""
    return Goal(Bound.AT_MOST, now, later)
