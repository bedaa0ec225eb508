"""Check all of a package: manifest, graph, building of components; of archives hashes and signature."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package check`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package check`."""
    facts = local_client(show_progress).package_check(arguments.package)
    if arguments.output == "table":
        for warning in facts["warnings"]:
            print(f"weft: warning: {warning}", file=sys.stderr)
        print(f"{arguments.package}: no problems")
    else:
        show_facts(facts, arguments.output)
    return 0
