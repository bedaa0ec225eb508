"""What the command line talks to: one Protocol, and its implementation in this process.

Imports are inside the methods: a command pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.client.protocol import Client

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Client", "local_client"]


def local_client(say: Callable[[str], None] = lambda _line: None) -> Client:
    """The client of this server, in this process; `say` is told, line by line, what takes long."""
    from weft.client.local import LocalClient

    return LocalClient(say)
