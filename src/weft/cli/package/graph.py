"""Show the one graph that a package becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_text
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package graph`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package graph`."""
    show_text("graph", local_client().package_graph(arguments.package), arguments.output)
    return 0
