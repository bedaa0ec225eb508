"""Keep a package in the store, after every check; the same contents again are no error.

A folder or zip is kept as a CSAR, an archive as it is, with its signature. So is an archive that was made
for another system, of any size, whether it can be run here or not. Exit status 3: it is kept, but cannot be
run.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.cli.package.facts import NOT_RUNNABLE, described
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
    with client.package_archive(arguments.package) as archive:
        facts = asyncio.run(client.push_package(archive, arguments.package))
    if arguments.output == "table":
        print(f"{facts.name}@{facts.version}")
    else:
        show_facts(described(facts), arguments.output)
    if facts.runs:
        return 0
    show_progress(f"it cannot be run: {facts.why_not}")
    return NOT_RUNNABLE
