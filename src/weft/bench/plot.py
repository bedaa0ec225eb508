"""The figure: a bar for each combination, with the interval of its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.bench.plan import FORWARDING
from weft.bench.results import rows_of
from weft.errors import WeftError

if TYPE_CHECKING:
    from pathlib import Path

    from weft.bench.campaign import Campaign
    from weft.bench.results import Row

__all__ = ["write_plots"]

_COLORS = {"scapy": "#4878a8", "numpy": "#6aa56e", "": "#9a9a9a"}
_PARSING = "#e0a458"


def write_plots(campaign: Campaign, folder: Path, name: str) -> list[Path]:
    """Write the figure as PNG and as SVG; WeftError where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise WeftError(
            "no plots were drawn: matplotlib is not installed",
            hint="install it with: pip install 'weft[plots]'",
        ) from None
    rows = rows_of(campaign)
    figure = Figure(figsize=(1.6 + 0.85 * len(rows), 4.8), layout="constrained")
    _draw(figure.add_subplot(), rows, campaign)
    paths = [folder / f"{name}.{suffix}" for suffix in ("png", "svg")]
    for path in paths:
        figure.savefig(path, dpi=150)
    return paths


def _draw(axes: Any, rows: list[Row], campaign: Campaign) -> None:
    places = range(len(rows))
    finite = [min(row.half_width_us, row.mean_us) for row in rows]
    axes.bar(
        places,
        [row.mean_us for row in rows],
        yerr=finite,
        capsize=4,
        color=[_COLORS.get(row.combination.analyzer, "#777777") for row in rows],
    )
    axes.bar(
        places,
        [row.parsing_us for row in rows],
        width=0.5,
        color=_PARSING,
        label="of it, the analyzer parsing",
    )
    labels = [
        "kernel\nforwarding"
        if row.combination == FORWARDING
        else f"{row.combination.analyzer}\n{row.combination.filter}"
        for row in rows
    ]
    axes.set_xticks(places, labels)
    axes.set_ylabel("client-server round trip, microseconds")
    plan = campaign.plan
    axes.set_title(
        f"Packet analyzer and packet filter, {plan.protocol.upper()}, mean and "
        f"{plan.confidence:.0%} interval of {min(row.count for row in rows)} repetitions or more",
        fontsize="medium",
    )
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
