"""What is measured of functions, in the text format that Prometheus reads.

It takes no server: each call looks at the functions once. docs/reference/metrics.md has every name.
"""

from __future__ import annotations

import argparse
import asyncio

from weft.cli.output import add_output_argument, show_text
from weft.client import local_client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft metrics`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", nargs="?", help="name of a function, or a glob (default: all)")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft metrics`."""
    page = asyncio.run(local_client().metrics(arguments.name))
    if page or arguments.output != "table":
        show_text("metrics", page, arguments.output)
    return 0
