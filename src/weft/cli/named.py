"""Commands that do one thing to some functions: which, and in what order it is found out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client
from weft.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from weft.client import Client

__all__ = ["add_named_arguments", "do_to_named"]


def add_named_arguments(parser: argparse.ArgumentParser) -> None:
    """The names of functions, or all there are."""
    parser.add_argument("name", nargs="*", help="name of the function")
    parser.add_argument("--all", action="store_true", help="every function")
    add_output_argument(parser)


def do_to_named(
    arguments: argparse.Namespace,
    verb: str,
    done: str,
    act: Callable[[Client, str], Awaitable[None]],
) -> int:
    """Do it to each in turn; a name that is wrong is told before anything is done."""
    if bool(arguments.name) == arguments.all:
        both = ", not both" if arguments.all else ""
        raise UsageError(f"name the functions to {verb}, or give --all{both}")
    show_done({done: asyncio.run(_each(arguments, act))}, arguments.output)
    return 0


async def _each(
    arguments: argparse.Namespace, act: Callable[[Client, str], Awaitable[None]]
) -> list[str]:
    client = local_client()
    names = list(dict.fromkeys(arguments.name))
    if arguments.all:
        names = [str(facts.uuid) for facts, _ in await client.functions()]
    for name in names:
        await client.function(name)
    for name in names:
        await act(client, name)
    return names
