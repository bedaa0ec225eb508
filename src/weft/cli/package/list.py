"""List the packages of the store and the ready functions; the latter were never pushed.

What `runs: no` was made for another system; `weft package show` tells why it does not run here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_rows
from weft.cli.package.facts import described
from weft.client import local_client

if TYPE_CHECKING:
    import argparse

_COLUMNS = ("name", "version", "runs", "digest", "signed_by", "pushed", "description")
_SHORT_DIGEST = len("sha256:") + 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft package list`."""
    parser.add_argument("name", nargs="?", help="only packages whose name has this in it")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft package list`."""
    rows = [described(facts) for facts in asyncio.run(local_client().packages())]
    rows = [row for row in rows if (arguments.name or "") in row["name"]]
    if arguments.output == "table":
        rows = [
            {
                **row,
                "digest": row["digest"][:_SHORT_DIGEST],
                "runs": "yes" if row["runs"] else "no",
                "description": row["description"] or row["why_not"].partition("; ")[0],
            }
            for row in rows
        ]
    show_rows(rows, _COLUMNS, arguments.output)
    return 0
