"""Call a command of a function, such as `flows.evict`, and print its result.

The argument is a text; `-` reads it from standard input. A button is pressed so, too.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_value
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft call`."""
    parser.add_argument("name", help="name of the function")
    parser.add_argument("command", help="ELEMENT.COMMAND; `weft show NAME --handlers` lists them")
    parser.add_argument("argument", nargs="?", default="", help="what to call it with")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft call`."""
    argument = sys.stdin.read() if arguments.argument == "-" else arguments.argument
    result = asyncio.run(local_client().call(arguments.name, arguments.command, argument))
    if arguments.output != "table":
        text = result.decode(errors="replace")
        show_facts({"command": arguments.command, "result": text}, arguments.output)
    else:
        show_value(result)
    return 0
