"""Confidence intervals of a mean by Student's t distribution."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Interval", "interval_of", "t_quantile"]

_TINY = 1e-300
_PRECISION = 1e-13


@dataclass(frozen=True, slots=True)
class Interval:
    """The mean of samples, and how far from it the true mean may lie with this confidence."""

    mean: float
    half_width: float
    confidence: float

    @property
    def relative(self) -> float:
        """The half width as a share of the mean."""
        return self.half_width / self.mean if self.mean else math.inf


def interval_of(samples: Sequence[float], confidence: float = 0.95) -> Interval:
    """The interval of two samples or more, taken to be independent; of one it is infinite."""
    if len(samples) < 2:
        return Interval(statistics.fmean(samples), math.inf, confidence)
    error = statistics.stdev(samples) / math.sqrt(len(samples))
    quantile = t_quantile((1 + confidence) / 2, len(samples) - 1)
    return Interval(statistics.fmean(samples), quantile * error, confidence)


def t_quantile(probability: float, freedom: int) -> float:
    """Where the t distribution with `freedom` degrees reaches a probability from 0.5 up to below 1."""
    if not 0.5 <= probability < 1 or freedom < 1:
        raise ValueError(f"no quantile for probability {probability} and {freedom} degrees")
    low, high = 0.0, 1.0
    while _t_probability(high, freedom) < probability:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if _t_probability(middle, freedom) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _t_probability(t: float, freedom: int) -> float:
    """How probable a value up to t >= 0 is."""
    tail = _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return 1 - tail / 2


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return min(max(x, 0.0), 1.0)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(logarithm + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction (NIST DLMF 8.17.22), evaluated from the front (Lentz's method)."""
    result, c = 1.0, 1.0
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 500):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + term * d)
            c = _away_from_zero(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
