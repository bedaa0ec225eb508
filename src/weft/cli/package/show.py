"""Show everything about one package, of the store or at a path."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts
from weft.cli.package.facts import described
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
    show_facts(described(facts), arguments.output)
    return 0
