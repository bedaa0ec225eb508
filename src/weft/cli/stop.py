"""Stop functions and remove them; with --keep, end only the processing and keep the sandbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client
from weft.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft stop`."""
    parser.add_argument("name", nargs="*", help="name of the function")
    parser.add_argument("--all", action="store_true", help="every function")
    parser.add_argument("--keep", action="store_true", help="keep the sandbox; see `weft start`")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft stop`."""
    if bool(arguments.name) == arguments.all:
        both = ", not both" if arguments.all else ""
        raise UsageError(f"name the functions to stop, or give --all{both}")
    stopped = asyncio.run(_stop(arguments))
    show_done({"stopped": stopped, "kept": arguments.keep}, arguments.output)
    return 0


async def _stop(arguments: argparse.Namespace) -> list[str]:
    client = local_client()
    names = list(dict.fromkeys(arguments.name))
    if arguments.all:
        names = [str(facts.uuid) for facts, _ in await client.functions()]
    for name in names:
        await client.function(name)  # a name that is wrong is told before anything is stopped
    for name in names:
        await (client.stop(name) if arguments.keep else client.remove(name))
    return names
