"""What functions and their components do, live.

Rates are between two looks; `cpu` is in percent of one processor, in the function's own line that of
its engine; `ring` is what a component has and could have at a time, then what waits for it. With
--elements the engine counts the bytes at each element as long as this runs, which costs it some time.
`q` or Ctrl-C ends it. Where the output is no terminal each look is printed below the last, as a line
of JSON with -o json, in which `cpu` is in processors and `memory_used` a part of the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from weft.cli.output import add_output_argument, show_facts, show_rows
from weft.cli.rates import RATE_COLUMNS, rates
from weft.client import local_client
from weft.errors import FunctionError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from weft.client import Client
    from weft.model.function import FunctionFacts
    from weft.model.look import Look

_INTERVAL_S = (0.1, 3600.0)
# How much longer than to the next look bytes are counted.
_LATE_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft top`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", nargs="?", help="name of a function, or a glob (default: all)")
    parser.add_argument(
        "--interval", type=float, default=1.0, metavar="SECONDS", help="between two looks (1)"
    )
    parser.add_argument("--count", type=int, metavar="N", help="end after so many (default: never)")
    parser.add_argument(
        "--elements", action="store_true", help="show each element of the graph, too"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft top`."""
    least, most = _INTERVAL_S
    if not least <= arguments.interval <= most:
        raise UsageError(f"--interval {arguments.interval:g}: allowed: {least:g} to {most:g}")
    if arguments.count is not None and arguments.count < 1:
        raise UsageError(f"--count {arguments.count}: allowed: 1 or more")
    live = sys.stdout.isatty() and arguments.output == "table"
    show = _show_live if live else _show_plain
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(show(local_client(), arguments))
    return 0


async def _screens(
    client: Client, arguments: argparse.Namespace
) -> AsyncIterator[tuple[list[dict[str, Any]], list[str]]]:
    """For each pair of looks the rows of all functions, and what limits each."""
    former: dict[str, Look] = {}
    shown = 0
    lease_s = arguments.interval + _LATE_S if arguments.elements else 0.0
    while arguments.count is None or shown < arguments.count:
        chosen = await client.selected(arguments.name or "*")
        looks = await asyncio.gather(*(_look(client, facts, lease_s) for facts in chosen))
        rows: list[dict[str, Any]] = []
        lines = []
        now: dict[str, Look] = {}
        for facts, look in zip(chosen, looks, strict=True):
            if look is None:
                continue
            key = str(facts.uuid)
            now[key] = look
            if key in former:
                rows += rates(facts, former[key], look, elements=arguments.elements)
                lines.append(f"{facts.name}: {client.bottleneck(facts, former[key], look)}")
        if former:
            shown += 1
            yield rows, lines
        former = now
        if arguments.count is None or shown < arguments.count:
            await asyncio.sleep(arguments.interval)


async def _look(client: Client, facts: FunctionFacts, byte_lease_s: float) -> Look | None:
    """None where the function has just gone."""
    with contextlib.suppress(FunctionError):
        return await client.look(facts, byte_lease_s=byte_lease_s)
    return None


async def _show_plain(client: Client, arguments: argparse.Namespace) -> None:
    async for rows, lines in _screens(client, arguments):
        if arguments.output == "table":
            show_rows(_worded(rows), RATE_COLUMNS, "table")
            print("\n".join(lines), end="\n\n", flush=True)
        elif arguments.output == "json":
            print(json.dumps({"rows": rows, "bottlenecks": lines}), flush=True)
        else:
            print("---")
            show_facts({"rows": rows, "bottlenecks": lines}, "yaml")


async def _show_live(client: Client, arguments: argparse.Namespace) -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.text import Text

    console = Console(markup=False, highlight=False)
    task = asyncio.current_task()
    assert task is not None
    with (
        _keys(task),
        Live(console=console, screen=True, auto_refresh=False) as live,
        contextlib.suppress(asyncio.CancelledError),
    ):
        live.update(Text("looking ..."), refresh=True)
        async for rows, lines in _screens(client, arguments):
            verdicts = [Text(line) for line in lines]
            live.update(Group(_table(rows), Text(), *verdicts), refresh=True)


@contextlib.contextmanager
def _keys(task: asyncio.Task[Any]) -> Iterator[None]:
    """Cancel the task when `q` is pressed; the terminal is afterwards as it was."""
    import os
    import termios
    import tty

    number = sys.stdin.fileno()
    if not os.isatty(number):
        yield
        return
    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(number)

    def pressed() -> None:
        if os.read(number, 64)[:1] in (b"q", b"Q", b""):
            task.cancel()

    try:
        tty.setcbreak(number)
        loop.add_reader(number, pressed)
        yield
    finally:
        loop.remove_reader(number)
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in RATE_COLUMNS:
        table.add_column(title.upper().replace("_", " "), justify=_side(title))
    for row in _worded(rows):
        table.add_row(*(_cell(row.get(column)) for column in RATE_COLUMNS))
    return table


def _side(column: str) -> Any:
    return "left" if column in ("name", "state", "ring", "drops_per_s") else "right"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _worded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As people read it: parts set in below their function, no needless decimals, shares in percent."""
    worded = []
    for row in rows:
        name = row["name"] if row["kind"] == "function" else f"  {row['name']}"
        drops = row.get("drops_per_s") or {}
        told = ", ".join(f"{reason}={rate:.0f}" for reason, rate in drops.items())
        whole = {
            name: f"{row[name]:.0f}" for name in ("in_pps", "out_pps") if row.get(name) is not None
        }
        parts = {
            part: f"{row[part] * 100:.0f}%"
            for part in ("cpu", "memory_used")
            if row.get(part) is not None
        }
        worded.append({**row, **whole, **parts, "name": name, "drops_per_s": told or None})
    return worded
