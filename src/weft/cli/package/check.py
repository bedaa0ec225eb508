"""Check all of a package: manifest, graph, building of components; of archives hashes and signature."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.client import local_client
from weft.errors import PackageError

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package check`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package check`."""
    try:
        facts = local_client(show_progress).package_check(arguments.package)
    except PackageError as error:
        if arguments.output == "table":
            raise
        problems = [
            {"file": problem.file, "line": problem.line, "message": problem.message}
            for problem in error.problems
        ]
        show_facts({"package": arguments.package, "problems": problems}, arguments.output)
        return error.exit_status
    if arguments.output == "table":
        for warning in facts["warnings"]:
            print(f"weft: warning: {warning}", file=sys.stderr)
        print(f"{arguments.package}: no problems")
    else:
        show_facts({"package": arguments.package, **facts, "problems": []}, arguments.output)
    return 0
