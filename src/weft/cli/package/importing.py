"""Make a package of one that was made for another system.

Understood are archives after ETSI SOL004 with a descriptor after SOL001, .coven archives, and Click files
with the header of Click-on-OSv. The new package is checked like any other. What it does not run of the
original is told, with the reason, and written to ONBOARDING.md. Exit status 1: nothing of it can be run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.cli.output import add_output_argument, show_facts, show_progress
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package import`."""
    parser.add_argument("file", help="the package as it was made")
    parser.add_argument(
        "--into", metavar="FOLDER", help="the new package (default: a folder of its name, here)"
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package import`."""
    into = Path(arguments.into) if arguments.into else None
    made: dict[str, Any] = local_client(show_progress).package_import(Path(arguments.file), into)
    if arguments.output != "table":
        show_facts(made, arguments.output)
        return 0
    for note in made["notes"]:
        print(f"weft: note: {note}", file=sys.stderr)
    if not made["runnable"]:
        print(
            f"made {made['package']}/, with nothing in it that can be run; see ONBOARDING.md there"
        )
        return 1
    print(f"made {made['package']}/; `weft package push {made['package']}` keeps it in the store")
    return 0
