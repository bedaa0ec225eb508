"""Start the processing of functions that `weft stop` has stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.named import add_named_arguments, do_to_named

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft start`."""
    add_named_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft start`."""
    return do_to_named(arguments, "start", "started", lambda client, name: client.start(name))
