"""The report: results, figure, machine and way of measuring on one page of Markdown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from weft.bench.results import document, rows_of
from weft.bench.table import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weft.bench.campaign import Campaign
    from weft.bench.results import Row

__all__ = ["write_report"]

_HEAD = ("combination", "median, us", "mean, us", "min..max, us", "repetitions", "parsing, us")


def write_report(campaign: Campaign, path: Path, beside: Sequence[Path]) -> None:
    """Write it; `beside` are the other files that were written, which it names."""
    facts = document(campaign)
    names = [other.name for other in beside]
    figures = [f"![Round trips]({name})" for name in names if name.endswith(".svg")]
    unfinished = [] if campaign.is_complete else ["It was ended early: intervals may be wide."]
    parts = [
        "# Round trips through a packet analyzer and a packet filter",
        f"{facts['date']}. A repetition is {facts['repetition']}; the interval is {facts['interval']}.",
        *unfinished,
        _table(_HEAD, [_cells(row) for row in rows_of(campaign)]),
        "\n".join(f"- {sentence}" for sentence in sentences(campaign)),
        *figures,
        *(f"Left out: {label}: {why}" for label, why in facts["left_out"].items()),
        "## Measured on",
        _facts({**facts["machine"], **facts["versions"]}),
        "## Parameters",
        _facts(facts["parameters"]),
        f"All repetitions: {', '.join(name for name in names if name.endswith(('csv', 'json')))}.",
    ]
    path.write_text("\n\n".join(part for part in parts if part) + "\n")


def _cells(row: Row) -> tuple[str, ...]:
    width = "?" if math.isinf(row.half_width_us) else f"{row.half_width_us:.1f}"
    parsing = f"{row.parsing_us:.1f} ({row.parsing_share:.0%})" if row.packets else "-"
    return (
        row.combination.label,
        f"{row.median_us:.1f}",
        f"{row.mean_us:.1f} ± {width}",
        f"{row.least_us:.1f}..{row.most_us:.1f}",
        str(row.count),
        parsing,
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _facts(facts: Mapping[str, object]) -> str:
    return _table(("", ""), [(name.replace("_", " "), str(value)) for name, value in facts.items()])
