"""Write a handler of a function. The value `-` is read from standard input."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_done
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft write`."""
    parser.add_argument("name", help="name of the function")
    parser.add_argument("handler", help="ELEMENT.HANDLER, or a global handler")
    parser.add_argument("value", nargs="?", default="", help="the value; some handlers need none")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft write`."""
    value = sys.stdin.read() if arguments.value == "-" else arguments.value
    asyncio.run(local_client().write(arguments.name, arguments.handler, value))
    show_done({"name": arguments.name, "written": arguments.handler}, arguments.output)
    return 0
