"""What a listener for another system's tools is, and how it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from weft.errors import UsageError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from weft.client import Client

__all__ = ["CompatAddress", "Listener", "parse_compat"]

_ADDRESS = re.compile(
    r"(?P<kind>[a-z-]+)(?:=(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:]+):(?P<port>\d+))?"
)


@dataclass(frozen=True, slots=True)
class CompatAddress:
    """A listener that is asked for, and where."""

    kind: str
    host: str
    port: int


class Listener(Protocol):
    """Answers one system's tools, on one HTTP port and maybe others."""

    port: int
    """Where those tools look for it."""

    def __init__(self, client: Client, interfaces: Sequence[str]) -> None:
        """`interfaces` say what the interfaces of its function are joined to, as `weft run -i` does."""
        ...

    @property
    def application(self) -> ASGIApp:
        """What answers on the HTTP port."""
        ...

    @property
    def ended(self) -> asyncio.Event:
        """Set when a tool has asked for the listener to end."""
        ...

    async def open(self, address: CompatAddress) -> str:
        """Listen on further ports, if there are any; what to tell of them."""
        ...

    async def close(self) -> None:
        """Listen no more; the function goes on."""
        ...


def parse_compat(text: str, listeners: dict[str, type[Listener]]) -> CompatAddress:
    """What `KIND` or `KIND=HOST:PORT` means."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"] or 0) > 65535:
        raise UsageError(f"--compat {text}: not understood; allowed: KIND or KIND=HOST:PORT")
    if match["kind"] not in listeners:
        allowed = ", ".join(listeners)
        raise UsageError(f"--compat {text}: '{match['kind']}' is not known; allowed: {allowed}")
    host = (match["host"] or "127.0.0.1").strip("[]")
    port = int(match["port"]) if match["port"] else listeners[match["kind"]].port
    return CompatAddress(match["kind"], host, port)
