"""Everything about one function."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.facts import describe
from weft.cli.output import add_output_argument, show_facts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft show`."""
    parser.add_argument("name", help="name of the function, or the start of its UUID")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft show`."""
    facts, status = asyncio.run(local_client().function(arguments.name))
    show_facts(describe(facts, status), arguments.output)
    return 0
