"""What a function's engine has said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client
from weft.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft logs`."""
    parser.add_argument("name", help="name of the function")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the function ends")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft logs`."""
    if arguments.lines is not None and arguments.lines < 0:
        raise UsageError(f"-n {arguments.lines}: allowed: 0 or more")
    asyncio.run(_show(arguments))
    return 0


async def _show(arguments: argparse.Namespace) -> None:
    pieces = local_client().log(arguments.name, arguments.lines, arguments.follow)
    if arguments.output == "table":
        async for piece in pieces:
            print(piece, end="", flush=True)
    else:
        text = "".join([piece async for piece in pieces])
        show_done({"name": arguments.name, "lines": text.splitlines()}, arguments.output)
