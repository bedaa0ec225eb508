"""End the processing of functions and start it again, in the same sandboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.named import add_named_arguments, do_to_named

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft restart`."""
    add_named_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft restart`."""
    return do_to_named(arguments, "restart", "restarted", lambda client, name: client.restart(name))
