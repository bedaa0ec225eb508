"""The table at the end, and the same as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bench.figure import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.figure import Figure

__all__ = ["cells", "print_table", "write_json"]

_WIDTH = 120
_STYLES = {
    Verdict.MET: "green",
    Verdict.MISSED: "red",
}


def print_table(figures: Sequence[Figure], machine: Mapping[str, str], repeat: int) -> None:
    """Every figure with its goal, spread and verdict."""
    table = Table()
    for heading in ("figure", "goal", "later", "median", "min..max", "verdict"):
        table.add_column(heading, justify="left" if heading in ("figure", "verdict") else "right")
    for figure in figures:
        table.add_row(*_row(figure))
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH
    console.print(table)
    console.print(
        f"Medians of {repeat} or more; a figure without a unit is a ratio to its reference."
    )
    console.print(", ".join(f"{key} {value}" for key, value in machine.items()))


def _row(figure: Figure) -> tuple[str, ...]:
    *shown, verdict = cells(figure)
    style = _STYLES.get(figure.verdict)
    return (*shown, f"[{style}]{verdict}[/]" if style else verdict)


def cells(figure: Figure) -> tuple[str, ...]:
    """A figure in words: name, goal, later goal, median, spread, verdict."""

    def shown(value: float) -> str:
        return f"{_number(value)} {figure.unit}".rstrip()

    def wanted(value: float | None) -> str:
        return "" if value is None else f"{figure.goal.bound.value} {shown(value)}"

    return (
        figure.name,
        wanted(figure.goal.now),
        wanted(figure.goal.later),
        shown(figure.median),
        f"{_number(min(figure.samples))}..{_number(max(figure.samples))}",
        figure.verdict.value,
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def write_json(
    path: Path, figures: Sequence[Figure], machine: Mapping[str, str], broken: Mapping[str, str]
) -> None:
    """Everything measured, with all samples."""
    document = {
        "machine": dict(machine),
        "figures": [figure.as_json() for figure in figures],
        "broken": dict(broken),
    }
    path.write_text(json.dumps(document, indent=2) + "\n")
