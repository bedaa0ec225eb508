"""Start the processing of a function that `weft stop --keep` has stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft start`."""
    parser.add_argument("name", help="name of the function")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft start`."""
    asyncio.run(local_client().start(arguments.name))
    show_done({"name": arguments.name, "state": "active"}, arguments.output)
    return 0
