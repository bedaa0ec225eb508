"""Make a folder with a small package that works: a wire that counts.

Beside it lies the schema of vnf.yaml, by which editors complete and check it as you type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package init`."""
    parser.add_argument("name", help="name of the function; the folder is called so too")
    parser.add_argument(
        "--framework",
        default="click",
        metavar="FRAMEWORK",
        help="what the component is written in: click (default), c, python, java, javascript",
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package init`."""
    folder = local_client().package_init(arguments.name, arguments.framework)
    if arguments.output == "table":
        print(f"made {folder}/; check it with `weft package check {folder}`")
    else:
        show_facts({"package": str(folder)}, arguments.output)
    return 0
