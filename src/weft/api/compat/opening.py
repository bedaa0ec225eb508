"""Opening the listeners for other systems' tools that a server is asked for, and closing them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weft.api.compat import LISTENERS
from weft.api.listening import NetworkAddress, open_network, shown_address

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    import uvicorn

    from weft.api.compat.listener import CompatAddress, Listener
    from weft.client import Client

__all__ = ["OpenListener", "open_listeners"]


@dataclass(slots=True)
class OpenListener:
    """A listener whose HTTP port is open, and is to be served."""

    address: CompatAddress
    listener: Listener
    socket: socket.socket
    _ending: asyncio.Task[None] | None = None

    @property
    def told(self) -> str:
        """Where it is, in words."""
        return f"serves {self.address.kind} on http://{shown_address(self.socket)}"

    async def open(self, server: uvicorn.Server) -> str:
        """Open what further ports it has, and have its tools end `server`; what to tell of the ports."""
        port = self.socket.getsockname()[1] if self.address.port else 0
        told = await self.listener.open(replace(self.address, port=port))

        async def end() -> None:
            await self.listener.ended.wait()
            await self.listener.close()
            server.should_exit = True

        self._ending = asyncio.create_task(end())
        return told

    async def close(self) -> None:
        """Close what it has opened; the function goes on."""
        if self._ending is not None:
            self._ending.cancel()
        await self.listener.close()


def open_listeners(
    addresses: Sequence[CompatAddress], interfaces: Sequence[str], client: Client
) -> list[OpenListener]:
    """The sockets of all of them, or none; WeftError tells which cannot be had."""
    opened: list[OpenListener] = []
    try:
        for address in addresses:
            sock = open_network(NetworkAddress(address.host, address.port))
            listener = LISTENERS[address.kind](client, interfaces)
            opened.append(OpenListener(address, listener, sock))
    except BaseException:
        for item in opened:
            item.socket.close()
        raise
    return opened
