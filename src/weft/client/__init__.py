"""What the command line talks to: one Protocol, in this process or over a server that runs.

Imports are inside the methods: a command pays only for what it uses.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from weft.client.protocol import Client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Client", "archive_limit", "local_client", "run_directory"]


def archive_limit() -> int:
    """The bytes that an archive of a package may have, as the operator has set it."""
    from weft.vnf.onboarding.members import most_bytes

    return most_bytes()


def run_directory() -> Path:
    """Where the functions of this server are, and the socket of its REST."""
    from weft.server.rundir import default_root

    return default_root()


def local_client(say: Callable[[str], None] = lambda _line: None) -> Client:
    """The client that `$WEFT_SERVER` asks for, else of a server that runs here, else in this process.

    `say` is told, line by line, what takes long.
    """
    chosen = os.environ.get("WEFT_SERVER", "")
    if not chosen:
        path = run_directory() / "api.sock"
        chosen = f"unix:{path}" if _answers(path) else "none"
    if chosen == "none":
        from weft.client.local import LocalClient

        return LocalClient(say)
    from weft.client.connection import address_of
    from weft.client.http import HttpClient

    return HttpClient(address_of(chosen), say)


def _answers(path: Path) -> bool:
    """Whether a server listens there that we may talk to."""
    with socket.socket(socket.AF_UNIX) as tried:
        try:
            tried.connect(str(path))
        except OSError:
            return False
    return True
