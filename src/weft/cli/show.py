"""Everything about one function, or the graph that runs in it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.facts import COMPONENT_COLUMNS, describe
from weft.cli.output import add_output_argument, show_facts, show_rows, show_text
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft show`."""
    parser.add_argument("name", help="name of the function, or the start of its UUID")
    parser.add_argument("--graph", action="store_true", help="show the graph that runs in it")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft show`."""
    if arguments.graph:
        graph = asyncio.run(local_client().graph(arguments.name))
        show_text("graph", graph, arguments.output)
        return 0
    facts, status = asyncio.run(local_client().function(arguments.name))
    described = describe(facts, status)
    if arguments.output != "table":
        show_facts(described, arguments.output)
        return 0
    components = described.pop("components")
    show_facts(described, arguments.output)
    if components:
        print("\ncomponents")
        show_rows(components, COMPONENT_COLUMNS, arguments.output)
    return 0
