"""Show the JSON schema of vnf.yaml, for editors and programs that write packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import show_facts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package schema`."""
    parser.add_argument(
        "-o", "--output", choices=("json", "yaml"), default="json", help="how to show it"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package schema`."""
    show_facts(local_client().package_schema(), arguments.output)
    return 0
