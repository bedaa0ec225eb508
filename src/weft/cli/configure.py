"""Set parameters of a function while it runs, or before it is started; all of them, or none.

A parameter whose handler takes new values gets it by that. For others the graph is swapped, without
losing a packet, and components that are made with one are replaced. Restarts keep the new values.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from weft.cli.changing import assignment, show_plan
from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_progress, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    from weft.client import Client

_COLUMNS = ("name", "type", "value", "default", "handler", "help")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft configure`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function")
    parser.add_argument(
        "values",
        nargs="*",
        metavar="NAME=VALUE",
        help="a parameter; without any, all parameters are shown",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft configure`."""
    settings = dict(assignment("", text) for text in arguments.values)
    client = local_client(show_progress)
    work = _configure(client, arguments, settings) if settings else _show(client, arguments)
    return run_until_signal(work)


async def _show(client: Client, arguments: argparse.Namespace) -> int:
    facts, _ = await client.function(arguments.name)
    text = await client.text(arguments.name)
    rows = [
        {
            "name": parameter.name,
            "type": parameter.type,
            "value": facts.values.get(parameter.name),
            "default": parameter.default,
            "handler": parameter.handler,
            "help": parameter.help,
        }
        for parameter in text.parameters
    ]
    show_rows(rows, _COLUMNS, arguments.output)
    return 0


async def _configure(
    client: Client, arguments: argparse.Namespace, settings: dict[str, str]
) -> int:
    facts, _ = await client.function(arguments.name)
    given, values = client.files_given(await client.text(arguments.name), settings)
    plan = await client.configure(facts, values, given, dry_run=arguments.dry_run)
    if arguments.dry_run or arguments.output != "table":
        show_plan(facts.name, plan, arguments.output, planned=arguments.dry_run)
    return 0
