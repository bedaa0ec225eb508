"""What a function's processes have said: process 1 (`init`), the engine, and each component.

Each line has its time, its source, and with -o json its level where it tells one. The log is kept
within 8 MiB; what is older goes first.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from weft.cli.moments import local_time, moment_s, utc_time
from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client
from weft.errors import UsageError
from weft.model.log import LogRequest

if TYPE_CHECKING:
    from weft.model.log import LogLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft logs`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the function ends")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")
    parser.add_argument(
        "--since", metavar="WHEN", help="only lines since then: 5min ago, or a date and time"
    )
    parser.add_argument(
        "--source",
        action="append",
        default=[],
        metavar="SOURCE",
        help="only lines of init, engine, or a component; may be given again",
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft logs`."""
    if arguments.lines is not None and arguments.lines < 0:
        raise UsageError(f"-n {arguments.lines}: allowed: 0 or more")
    since_s = moment_s("--since", arguments.since) if arguments.since else None
    request = LogRequest(arguments.lines, arguments.follow, since_s, tuple(arguments.source))
    try:
        asyncio.run(_show(arguments, request))
    except KeyboardInterrupt:
        if not arguments.follow:
            raise
    return 0


async def _show(arguments: argparse.Namespace, request: LogRequest) -> None:
    rows: list[dict[str, Any]] = []
    async with aclosing(local_client().log(arguments.name, request)) as lines:
        async for line in lines:
            if arguments.output == "yaml":
                rows.append(_fields(line))
            elif arguments.output == "json":
                print(json.dumps(_fields(line)), flush=True)
            else:
                print(f"{local_time(line.at_s)} {line.source}: {line.text}", flush=True)
    if arguments.output == "yaml":
        show_rows(rows, (), "yaml")


def _fields(line: LogLine) -> dict[str, Any]:
    return {
        "time": utc_time(line.at_s),
        "source": line.source,
        "level": line.level,
        "text": line.text,
    }
