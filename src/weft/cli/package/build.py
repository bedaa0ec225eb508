"""Make the archive of a package, a CSAR after ETSI SOL004 with a descriptor after SOL001.

The package is checked first. The same files make the same archive, byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.client import local_client

if TYPE_CHECKING:
    import argparse

from weft.cli.output import FORMATS, show_facts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package build`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the archive (default: ./NAME-VERSION.csar)"
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="how to show the result")


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package build`."""
    made = local_client().package_build(arguments.package, arguments.output)
    if arguments.format == "table":
        print(made["file"])
    else:
        show_facts(made, arguments.format)
    return 0
