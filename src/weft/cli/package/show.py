"""Show everything about one package, of the store or at a path.

Of one that was made for another system every part is told: whether it runs here, and if not, why.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts
from weft.cli.package.facts import described, show_parts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package show`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package show`."""
    client, package = local_client(), arguments.package
    is_path = "/" in package or Path(package).exists()
    facts = client.package_facts(package) if is_path else asyncio.run(client.package(package))
    shown = described(facts)
    if arguments.output == "table":
        del shown["parts"]
        shown["runs"] = "yes" if facts.runs else "no"
    show_facts(shown, arguments.output)
    if arguments.output == "table":
        show_parts(facts)
    return 0
