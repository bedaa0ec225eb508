"""Thresholds: when a server (`weft serve`) raises an alarm.

Some are there from the beginning; setting one of the same id takes its place.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from weft.cli.moments import duration_s
from weft.cli.output import add_output_argument, show_done, show_rows
from weft.client import local_client
from weft.model.monitoring import Severity, Threshold

if TYPE_CHECKING:
    import argparse

_COLUMNS = ("id", "function", "series", "condition", "clear", "hold_s", "severity")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft threshold`."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|set|remove")
    listing = verbs.add_parser("list", help="the thresholds that hold")
    setting = verbs.add_parser("set", help="add a threshold, or replace the one of that id")
    setting.add_argument("id", help="what it is called")
    setting.add_argument(
        "--series", required=True, help="series or globs with commas between: in.packets_in/s"
    )
    setting.add_argument("--above", type=float, metavar="VALUE", help="an alarm above that value")
    setting.add_argument("--below", type=float, metavar="VALUE", help="an alarm below that value")
    setting.add_argument(
        "--function", default="*", help="name, glob, or label KEY=VALUE of functions (all)"
    )
    setting.add_argument("--for", dest="lasting", metavar="DURATION", help="once it lasts (0s)")
    setting.add_argument("--clear", type=float, metavar="VALUE", help="well again at that value")
    setting.add_argument("--hold", metavar="DURATION", help="cleared once well for so long (0s)")
    setting.add_argument(
        "--severity", choices=[item.value for item in Severity], default="minor", help="(minor)"
    )
    setting.add_argument(
        "--text", default="", help="what the alarm says; {series} {subject} {value} {condition}"
    )
    removing = verbs.add_parser("remove", help="remove thresholds")
    removing.add_argument("id", nargs="+", help="what it is called")
    for verb in (listing, setting, removing):
        add_output_argument(verb)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft threshold`."""
    client = local_client()
    if arguments.verb == "list":
        found = asyncio.run(client.thresholds())
        rows = [asdict(item) | {"condition": item.condition} for item in found]
        show_rows(rows, _COLUMNS, arguments.output)
    elif arguments.verb == "set":
        threshold = _threshold(arguments)
        asyncio.run(client.set_threshold(threshold))
        show_done({"set": asdict(threshold)}, arguments.output)
    else:
        asyncio.run(_remove(arguments.id))
        show_done({"removed": arguments.id}, arguments.output)
    return 0


def _threshold(arguments: argparse.Namespace) -> Threshold:
    return Threshold(
        id=arguments.id,
        series=arguments.series,
        above=arguments.above,
        below=arguments.below,
        for_s=duration_s("--for", arguments.lasting) if arguments.lasting else 0.0,
        clear=arguments.clear,
        hold_s=duration_s("--hold", arguments.hold) if arguments.hold else 0.0,
        severity=Severity(arguments.severity),
        function=arguments.function,
        text=arguments.text,
    )


async def _remove(names: list[str]) -> None:
    client = local_client()
    for name in names:
        await client.remove_threshold(name)
