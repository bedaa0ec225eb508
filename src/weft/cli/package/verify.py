"""Check an archive whole, and that someone who is trusted has signed it.

Without --trust the certificates are those that the store trusts: see `weft package policy`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_facts
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package verify`."""
    parser.add_argument("package", help="a path, or a name that the store knows")
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="FILE",
        help="a certificate to trust: the signer's, or that of an authority",
    )
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package verify`."""
    verified = local_client().package_verify(arguments.package, arguments.trust)
    if arguments.output == "table":
        print(f"{verified['package']}: signed by {verified['signed_by']}")
    else:
        show_facts(verified, arguments.output)
    return 0
