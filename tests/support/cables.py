"""Cables between functions: pairs of devices of this server, which functions take."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cables"]


@contextlib.contextmanager
def cables(count: int) -> Iterator[list[tuple[str, str]]]:
    """So many cables, by the devices at their two ends; they are gone with the body."""
    pairs = [(f"wc{os.getpid()}-{n}a", f"wc{os.getpid()}-{n}b") for n in range(count)]
    with contextlib.ExitStack() as made:
        for one, other in pairs:
            subprocess.run(
                ["ip", "link", "add", one, "type", "veth", "peer", "name", other], check=True
            )
            made.callback(subprocess.run, ["ip", "link", "del", one], check=False)
        yield pairs
