"""End the processing of functions; their sandboxes stay, and `weft start` goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.named import add_named_arguments, do_to_named

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft stop`."""
    add_named_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft stop`."""
    return do_to_named(arguments, "stop", "stopped", lambda client, name: client.stop(name))
