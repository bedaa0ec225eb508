"""Keep a package in the store, after every check; the same contents again are no error.

A folder or zip is kept as a CSAR, an archive as it is, with its signature.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.cli.package.facts import described
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package push`."""
    parser.add_argument("package", help="a path: a folder, zip or CSAR")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package push`."""
    client = local_client(show_progress)
    content = client.package_archive(arguments.package)
    facts = asyncio.run(client.push_package(content, arguments.package))
    if arguments.output == "table":
        print(f"{facts.name}@{facts.version}")
    else:
        show_facts(described(facts), arguments.output)
    return 0
