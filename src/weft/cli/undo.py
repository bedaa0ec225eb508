"""Make a function what it was before its last change, or at an earlier revision.

That is a change like any other: no packet is lost, it makes a revision of its own, and can be undone.
`weft revisions NAME` lists what there is to go back to.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from weft.cli.changing import show_plan
from weft.cli.interruption import run_until_signal
from weft.cli.output import add_output_argument, show_progress
from weft.client import local_client

if TYPE_CHECKING:
    from weft.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft undo`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function")
    parser.add_argument(
        "revision", nargs="?", type=int, help="its number (default: the one before this)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft undo`."""
    return run_until_signal(_undo(local_client(show_progress), arguments))


async def _undo(client: Client, arguments: argparse.Namespace) -> int:
    name, number = arguments.name, arguments.revision
    plan = await client.restore(name, number, dry_run=arguments.dry_run)
    if arguments.dry_run or arguments.output != "table":
        show_plan(name, plan, arguments.output, planned=arguments.dry_run)
    return 0
