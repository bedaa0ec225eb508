"""Read a handler of a function, such as `counter.count`, and print its value."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_value
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft read`."""
    parser.add_argument("name", help="name of the function")
    parser.add_argument("handler", help="ELEMENT.HANDLER, or a global handler such as `list`")
    parser.add_argument(
        "parameters", nargs="*", help="what to ask the handler, with spaces between"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft read`."""
    client = local_client()
    asked = " ".join(arguments.parameters)
    value = asyncio.run(client.read(arguments.name, arguments.handler, asked))
    if arguments.output != "table":
        text = value.decode(errors="replace")
        show_facts({"handler": arguments.handler, "value": text}, arguments.output)
        return 0
    show_value(value)
    return 0
