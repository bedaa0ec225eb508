"""What a campaign found, as a table with bars for the terminal."""

from __future__ import annotations

import math
import sys
from typing import IO, TYPE_CHECKING

from weft.bench.plan import FORWARDING
from weft.bench.results import rows_of

if TYPE_CHECKING:
    from rich.table import Table

    from weft.bench.campaign import Campaign
    from weft.bench.results import Row

__all__ = ["print_results", "sentences"]

_BARS = (6, 24)
"""Least and most characters of the longest bar; where there is less room there are none."""
_NUMBERS = 84
"""Room for all but bars."""
_WIDTH = 120
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def print_results(campaign: Campaign, file: IO[str] | None = None) -> None:
    """A row for each combination, and below it what they say."""
    from rich.console import Console

    rows = rows_of(campaign)
    if not rows:
        return
    console = Console(file=file or sys.stdout, highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDTH
    room = min(console.width - _NUMBERS, _BARS[1])
    console.print(_table(campaign, rows, room if room >= _BARS[0] else 0))
    for sentence in sentences(campaign):
        console.print(sentence, soft_wrap=True)


def _table(campaign: Campaign, rows: list[Row], room: int) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("COMBINATION", no_wrap=True)
    for heading in ("MEDIAN, us", f"MEAN, {campaign.plan.confidence:.0%}", "MIN..MAX", "TIMES"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("PARSING, us", justify="right", no_wrap=True)
    if room:
        table.add_column("", no_wrap=True)
    longest = max(row.median_us for row in rows)
    for row in rows:
        bar = (_bar(row.median_us / longest, room),) if room else ()
        table.add_row(*_cells(row), *bar)
    return table


def _cells(row: Row) -> tuple[str, ...]:
    width = "?" if math.isinf(row.half_width_us) else f"{row.half_width_us:.0f}"
    is_reference = row.combination == FORWARDING
    return (
        row.combination.label,
        f"{row.median_us:.0f}",
        f"{row.mean_us:.0f} ± {width}",
        f"{row.least_us:.0f}..{row.most_us:.0f}",
        str(row.count),
        "-" if is_reference else f"{row.parsing_us:.1f} ({row.parsing_share:.0%})",
    )


def _bar(share: float, room: int) -> str:
    eighths = round(share * room * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def sentences(campaign: Campaign) -> list[str]:
    """What is less sure than was asked for, and what Scapy costs with each filter."""
    every = rows_of(campaign)
    rows = {(row.combination.analyzer, row.combination.filter): row for row in every}
    found = []
    if wide := [row.combination.label for row in every if not row.is_narrow]:
        asked = f"{campaign.plan.interval:.0%} of the mean"
        found.append(f"intervals wider than the {asked} that were asked for: {', '.join(wide)}")
    for (analyzer, language), scapy in rows.items():
        without = rows.get(("numpy", language))
        if analyzer != "scapy" or without is None:
            continue
        more = scapy.median_us - without.median_us
        own = scapy.parsing_us - without.parsing_us
        found.append(
            f"{language}: with Scapy a round trip takes {more:.0f} us more than without; "
            f"{own:.0f} of them is Scapy parsing {scapy.packets:.1f} packets"
        )
    return found
