"""The revisions of a function: how it was deployed, and what each change has made of it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    import argparse

_COLUMNS = ("number", "created", "cause", "version", "values")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft revisions`."""
    parser.add_argument("name", help="name of the function")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft revisions`."""
    rows = [
        {
            "number": item.number,
            "created": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(item.created)),
            "cause": item.cause,
            "version": item.version,
            "values": item.values,
        }
        for item in asyncio.run(local_client().revisions(arguments.name))
    ]
    show_rows(rows, _COLUMNS, arguments.output)
    return 0
