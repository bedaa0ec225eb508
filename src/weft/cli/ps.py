"""List the functions and their components. One whose processes are gone is told once and cleaned away."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from weft.cli.facts import describe
from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client
from weft.model.state import FunctionState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

_COLUMNS = ("name", "state", "package", "interfaces", "uptime_s", "memory_mib", "restarts")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft ps`."""
    add_output_argument(parser)


def _with_components(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each function, and below it its components."""
    lines: list[Mapping[str, Any]] = []
    for row in rows:
        lines.append(row)
        lines += [{**item, "name": f"  {item['name']}"} for item in row["components"]]
    return lines


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft ps`."""
    found = asyncio.run(local_client().functions())
    gone = [facts for facts, status in found if status.state is FunctionState.GONE]
    rows = [
        describe(facts, status) for facts, status in found if status.state is not FunctionState.GONE
    ]
    rows.sort(key=lambda row: str(row["name"]))
    show_rows(
        _with_components(rows) if arguments.output == "table" else rows, _COLUMNS, arguments.output
    )
    for facts in gone:
        print(
            f"weft: '{facts.name}' was gone (its process 1 ended); its folder was removed",
            file=sys.stderr,
        )
    return 0
