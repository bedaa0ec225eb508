"""What this machine has and lacks for running functions, and what to do about each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.output import add_output_argument, show_rows
from weft.client import local_client

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft doctor`."""
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft doctor`; status 1 where something that is needed is missing."""
    facts = local_client().facts()
    show_rows(facts, ("what", "state", "found", "do"), arguments.output)
    return 1 if any(fact["state"] == "missing" for fact in facts) else 0
