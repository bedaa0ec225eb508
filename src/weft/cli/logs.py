"""What a function's engine has said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft logs`."""
    parser.add_argument("name", help="name of the function")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the function ends")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="only the last N lines")


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft logs`."""

    async def print_all() -> None:
        async for piece in local_client().log(arguments.name, arguments.lines, arguments.follow):
            print(piece, end="", flush=True)

    asyncio.run(print_all())
    return 0
