"""Commands that do one thing to some functions: which, and in what order it is found out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client
from weft.errors import UsageError
from weft.model.state import FunctionState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from weft.client import Client

__all__ = ["add_named_arguments", "do_to_named", "names_of"]


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
    show_done({done: asyncio.run(_each(arguments, verb, act))}, arguments.output)
    return 0


async def names_of(client: Client, arguments: argparse.Namespace, verb: str) -> list[str]:
    """The functions that are meant, each once; all of them are there."""
    if bool(arguments.name) == arguments.all:
        both = ", not both" if arguments.all else ""
        raise UsageError(f"name the functions to {verb}, or give --all{both}")
    if arguments.all:
        return [
            str(facts.uuid)
            for facts, status in await client.functions()
            if status.state is not FunctionState.GONE
        ]
    names = list(dict.fromkeys(arguments.name))
    for name in names:
        await client.function(name)
    return names


async def _each(
    arguments: argparse.Namespace, verb: str, act: Callable[[Client, str], Awaitable[None]]
) -> list[str]:
    client = local_client()
    names = await names_of(client, arguments, verb)
    for name in names:
        await act(client, name)
    return names
