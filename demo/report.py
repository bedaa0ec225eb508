"""Printing what the demo found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.attempts import Attempt

__all__ = ["print_counters", "print_figures", "print_table"]


def print_table(attempts: Sequence[Attempt]) -> None:
    """Tried, should happen, happened."""
    rows = [("tried", "should happen", "happened", "")]
    rows += [(a.tried, a.should, a.happened, "ok" if a.as_it_should else "WRONG") for a in attempts]
    print()
    _print_rows(rows)


def print_counters(counters: Mapping[str, int]) -> None:
    """Packets passed, answered and dropped by reason."""
    print()
    _print_rows(
        [("packets", "count")]
        + [(name.replace("_", " "), str(count)) for name, count in sorted(counters.items())]
    )


def print_figures(figures: Mapping[str, str]) -> None:
    """Measured values."""
    print()
    _print_rows([("measured", "median"), *figures.items()])


def _print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
        if number == 0:
            print("  ".join("-" * width for width in widths).rstrip())
