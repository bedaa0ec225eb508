"""What was measured of a function in the last hour, which a server keeps (`weft serve`).

Without a series it lists those there are. NAME/s is how fast a counter grows; `cpu` is in cores.
A gap is a blank in the line of bars, and null in JSON.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

from weft.cli.moments import duration_s, local_time, moment_s, utc_time
from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.monitoring import Track

_COLUMNS = ("series", "unit", "least", "mean", "most", "last", "from", "step_s", "values")
_LISTED = ("series", "unit", "meaning")
_BARS = "▁▂▃▄▅▆▇█"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft history`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function, for an hour also of one that is gone")
    parser.add_argument("series", nargs="*", help="such as in.packets_in/s, memory_bytes, cpu")
    parser.add_argument(
        "--since", default="1min", metavar="WHEN", help="from then on: 5min ago, or a date and time"
    )
    parser.add_argument(
        "--step", metavar="DURATION", help="a value for each, 1s to 1h (default: 60 values)"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft history`."""
    client = local_client()
    start_s = moment_s("--since", arguments.since)
    step_s = duration_s("--step", arguments.step) if arguments.step else None
    if not arguments.series:
        listed = asyncio.run(client.series(arguments.name))
        rows = [{"series": item.name, "unit": item.unit, "meaning": item.help} for item in listed]
        show_rows(rows, _LISTED, arguments.output)
        return 0
    tracks = asyncio.run(client.history(arguments.name, arguments.series, start_s, step_s))
    as_table = arguments.output == "table"
    show_rows(
        [_row(track) if as_table else _data(track) for track in tracks], _COLUMNS, arguments.output
    )
    return 0


def _row(track: Track) -> dict[str, Any]:
    known = [value for value in track.values if value is not None]
    return {
        "series": track.series.name,
        "unit": track.series.unit or "-",
        "least": _short(min(known, default=None)),
        "mean": _short(sum(known) / len(known) if known else None),
        "most": _short(max(known, default=None)),
        "last": _short(known[-1] if known else None),
        "from": local_time(track.start_s, 0),
        "step_s": f"{track.step_s:g}",
        "values": bars(track.values),
    }


def _data(track: Track) -> dict[str, Any]:
    return {
        "function": track.function,
        "series": track.series.name,
        "unit": track.series.unit,
        "from": utc_time(track.start_s),
        "step_s": track.step_s,
        "values": list(track.values),
    }


def bars(values: Sequence[float | None]) -> str:
    """The values as a line of bars, from the least to the most there is."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    least, most = min(known), max(known)
    scale = (len(_BARS) - 1) / (most - least) if most > least else 0.0
    return "".join(
        " " if value is None else _BARS[round((value - least) * scale)] for value in values
    )


def _short(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
