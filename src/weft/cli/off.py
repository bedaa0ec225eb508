"""Turn functions off: their processing ends, their sandboxes and links are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.cli.named import add_named_arguments, do_to_named

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft off`."""
    add_named_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft off`."""
    return do_to_named(arguments, "turn off", "off", lambda client, name: client.remove(name))
