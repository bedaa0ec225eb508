"""What a campaign found, as rows for people, CSV and JSON."""

from __future__ import annotations

import csv
import json
import math
import statistics
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from weft.bench.machine import describe, versions
from weft.bench.plan import FORWARDING, Combination, Plan, Series

if TYPE_CHECKING:
    from pathlib import Path

    from weft.bench.campaign import Campaign

__all__ = ["Row", "document", "rows_of", "write_csv", "write_json"]


@dataclass(frozen=True, slots=True)
class Row:
    """One combination; all but counts in microseconds.

    `extra_us` is its median above that of the kernel that forwards, `parsing_us` what its analyzer took
    to parse the packets of one round trip, `packets` how many these are.
    """

    combination: Combination
    count: int
    median_us: float
    mean_us: float
    half_width_us: float
    least_us: float
    most_us: float
    deviation_us: float
    extra_us: float
    parsing_us: float
    packets: float
    is_narrow: bool
    """Whether the interval is as narrow as was asked for."""

    @property
    def parsing_share(self) -> float:
        """The share of the round trip that its analyzer spent on parsing."""
        return self.parsing_us / self.median_us if self.median_us else 0.0


def rows_of(campaign: Campaign) -> list[Row]:
    """A row for each combination that was measured at all: the kernel, then the quickest first."""
    series = [one for one in campaign.series.values() if one.samples]
    reference = next((one for one in series if one.combination == FORWARDING), None)
    least = statistics.median(reference.rtts_us) if reference else 0.0
    rows = [_row(one, campaign.plan, least) for one in series]
    return sorted(rows, key=lambda row: (row.combination != FORWARDING, row.median_us))


def _row(series: Series, plan: Plan, least_us: float) -> Row:
    rtts = series.rtts_us
    interval = series.interval(plan.confidence)
    median = statistics.median(rtts)
    return Row(
        combination=series.combination,
        count=len(rtts),
        median_us=median,
        mean_us=interval.mean,
        half_width_us=interval.half_width,
        least_us=min(rtts),
        most_us=max(rtts),
        deviation_us=statistics.stdev(rtts) if len(rtts) > 1 else 0.0,
        extra_us=median - least_us,
        parsing_us=statistics.median(sample.parsing_us for sample in series.samples),
        packets=statistics.median(sample.packets for sample in series.samples),
        is_narrow=interval.relative <= plan.interval,
    )


def document(campaign: Campaign) -> dict[str, Any]:
    """Everything: the machine, versions, parameters, results, and every sample."""
    plan = asdict(campaign.plan)
    plan.pop("combinations")
    return {
        "benchmark": "components",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "complete": campaign.is_complete,
        "machine": describe(),
        "versions": versions(campaign.package),
        "parameters": plan,
        "repetition": "the median of the round trips of `requests` requests, one after the other",
        "interval": "of the mean of repetitions, by Student's t distribution",
        "results": [_as_json(row, campaign) for row in rows_of(campaign)],
        "left_out": {one.label: why for one, why in campaign.left_out.items()},
    }


def _as_json(row: Row, campaign: Campaign) -> dict[str, Any]:
    facts = asdict(row)
    combination = facts.pop("combination")
    if math.isinf(row.half_width_us):
        facts["half_width_us"] = None
    samples = [asdict(sample) for sample in campaign.series[row.combination].samples]
    return {**combination, **facts, "parsing_share": row.parsing_share, "samples": samples}


def write_json(campaign: Campaign, path: Path) -> None:
    """Write all that is known."""
    path.write_text(json.dumps(document(campaign), indent=2) + "\n")


def write_csv(campaign: Campaign, path: Path) -> None:
    """Write every repetition, a line each."""
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("analyzer", "filter", "repetition", "rtt_us", "parsing_us", "packets"))
        for series in campaign.series.values():
            one = series.combination
            for number, sample in enumerate(series.samples, 1):
                values = (sample.rtt_us, sample.parsing_us, sample.packets)
                names = (one.analyzer or "kernel", one.filter or "forwarding")
                lines.writerow((*names, number, *(f"{value:.3f}" for value in values)))
