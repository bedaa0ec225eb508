"""Printing what the demo found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.attempts import Attempt
    from demo.costs import Cost

__all__ = ["print_commands", "print_costs", "print_counters", "print_figures", "print_table"]


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


def print_commands(answers: Mapping[str, str]) -> None:
    """Commands, and what they printed."""
    for command, answer in answers.items():
        print(f"\n$ {command}\n{answer.rstrip()}")


def print_costs(costs: Sequence[Cost]) -> None:
    """What the end of each process cost, beside the most that it may cost."""
    rows = [_COST_COLUMNS, *(_cost_row(cost) for cost in costs)]
    print()
    _print_rows(rows)
    for cost in costs:
        if not cost.as_it_should:
            print(f"{cost.ended}: dropped meanwhile: {cost.drops or 'nothing'}")
        if cost.is_slow:
            print(
                f"{cost.ended}: silent for {cost.silence_ms:.0f} ms, allowed: {cost.silence_most_ms:.0f}; "
                f"{os.cpu_count()} processors with a load of {os.getloadavg()[0]:.1f}"
            )


_COST_COLUMNS = (
    *("ended under traffic", "fallback", "sent", "received", "lost in flight", "while away"),
    *("unaccounted", "overtaken", "twice", "silence, ms", "back after, ms", ""),
)


def _cost_row(cost: Cost) -> tuple[str, ...]:
    back = "-" if cost.back_ms is None else f"{cost.back_ms:.0f}"
    return (
        *(cost.ended, cost.fallback, str(cost.sent), str(cost.received)),
        f"{cost.in_flight} of at most {cost.in_flight_most}",
        f"{cost.away} of at most {cost.away_most}",
        *(str(cost.unaccounted), str(cost.overtaken), str(cost.doubled)),
        *(f"{cost.silence_ms:.1f}", back, "ok" if cost.as_it_should else "WRONG"),
    )


def _print_rows(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    for number, row in enumerate(rows):
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
        if number == 0:
            print("  ".join("-" * width for width in widths).rstrip())
