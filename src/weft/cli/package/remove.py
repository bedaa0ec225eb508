"""Remove packages from the store; functions that run them have copies of their own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package remove`."""
    parser.add_argument(
        "package", nargs="+", help="NAME@VERSION, or NAME where there is only one version"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package remove`."""
    removed = asyncio.run(_remove(arguments.package))
    if arguments.output != "table":
        show_rows([{"package": name} for name in removed], ("package",), arguments.output)
    return 0


async def _remove(references: list[str]) -> list[str]:
    client = local_client()
    removed = []
    for reference in references:
        facts = await client.remove_package(reference)
        removed.append(f"{facts.name}@{facts.version}")
    return removed
