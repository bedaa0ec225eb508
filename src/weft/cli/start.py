"""Start the processing of a function that `weft stop --keep` has stopped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft start`."""
    parser.add_argument("name", help="name of the function")


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft start`."""
    asyncio.run(local_client().start(arguments.name))
    return 0
