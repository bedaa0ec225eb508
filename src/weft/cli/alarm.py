"""The alarms of functions, which a server raises and clears (`weft serve`)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from weft.cli.moments import local_time, utc_time
from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    import argparse

    from weft.model.monitoring import Alarm

_COLUMNS = ("id", "severity", "function", "raised", "state", "text")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft alarm`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|ack")
    listing = verbs.add_parser("list", help="the alarms there are, worst first")
    listing.add_argument("function", nargs="?", help="only those of this function")
    listing.add_argument(
        "--all", action="store_true", help="also the last 200 that were cleared, latest first"
    )
    seen = verbs.add_parser("ack", help="note that somebody has seen alarms")
    seen.add_argument("alarm", nargs="+", help="its id, or the start of it")
    add_output_argument(listing)
    add_output_argument(seen)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft alarm`."""
    if arguments.verb == "list":
        alarms = asyncio.run(local_client().alarms())
        if not arguments.all:
            alarms = [alarm for alarm in alarms if alarm.cleared_s is None]
        if arguments.function:
            alarms = [alarm for alarm in alarms if alarm.function == arguments.function]
    else:
        alarms = asyncio.run(_acknowledge(arguments.alarm))
    describe = _row if arguments.output == "table" else _data
    show_rows([describe(alarm) for alarm in alarms], _COLUMNS, arguments.output)
    return 0


async def _acknowledge(names: list[str]) -> list[Alarm]:
    client = local_client()
    return [await client.acknowledge(name) for name in names]


def _row(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": alarm.id[:8],
        "severity": alarm.severity.value,
        "function": alarm.function,
        "raised": local_time(alarm.raised_s, 0),
        "state": _state(alarm),
        "text": alarm.text,
    }


def _state(alarm: Alarm) -> str:
    if alarm.cleared_s is not None:
        return f"cleared {local_time(alarm.cleared_s, 0)}"
    return "raised" if alarm.acknowledged_s is None else "acknowledged"


def _data(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": alarm.id,
        "function": alarm.function,
        "uuid": alarm.uuid,
        "threshold": alarm.threshold,
        "series": alarm.series,
        "severity": alarm.severity.value,
        "text": alarm.text,
        "value": alarm.value,
        "raised": utc_time(alarm.raised_s),
        "changed": utc_time(alarm.changed_s),
        "acknowledged": utc_time(alarm.acknowledged_s),
        "cleared": utc_time(alarm.cleared_s),
    }
