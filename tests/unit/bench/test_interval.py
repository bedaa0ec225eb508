"""Student's t: against published tables, and what an interval is made of."""

from __future__ import annotations

import math

import pytest

from weft.bench.interval import interval_of, t_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "expected"),
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.30265),
        (0.975, 4, 2.77645),
        (0.975, 29, 2.04523),
        (0.975, 120, 1.97993),
        (0.995, 10, 3.16927),
        (0.95, 7, 1.89458),
        (0.9995, 5, 6.86883),
        (0.5, 3, 0.0),
    ],
)
def test_quantiles_are_those_of_published_tables(
    probability: float, freedom: int, expected: float
) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(expected, rel=2e-6, abs=1e-9)


def test_with_many_degrees_it_is_the_normal_distribution() -> None:
    assert t_quantile(0.975, 10**6) == pytest.approx(1.959966, rel=1e-5)


@pytest.mark.parametrize(("probability", "freedom"), [(0.4, 5), (1.0, 5), (0.9, 0)])
def test_what_has_no_quantile_is_refused(probability: float, freedom: int) -> None:
    with pytest.raises(ValueError, match="no quantile for probability"):
        t_quantile(probability, freedom)


def test_an_interval_is_the_mean_and_the_quantile_times_its_error() -> None:
    interval = interval_of([10.0, 12.0, 14.0])
    assert interval.mean == 12
    assert interval.half_width == pytest.approx(4.30265 * 2 / math.sqrt(3), rel=1e-5)
    assert interval.relative == pytest.approx(interval.half_width / 12)


def test_one_sample_has_an_interval_without_bounds() -> None:
    assert interval_of([5.0]).half_width == math.inf
    assert interval_of([7.0, 7.0, 7.0]).half_width == 0
