"""A service function chain of six functions between two hosts.

    client - classifier - forwarder west - forwarder east - end - server
                                |                |
                            firewall          monitor

TCP goes by the firewall and the monitor (path 10, back 11), everything else past both (12, back 13).
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hops import Header, Hop, follow
from hosts import Cable, Host, plug
from weft.model.trace import TraceRequest

if TYPE_CHECKING:
    from weft.client import Client

__all__ = ["CLIENT", "PACKAGES", "SERVER", "WAY", "Chain", "segment"]

HERE = Path(__file__).parent
PREFIX = "weft-nsh-chain-"
LINK = "chain"
CLIENT, SERVER = "10.77.3.1", "10.77.3.2"
PORTS = (80, 22)
CABLES = (
    Cable("cable1", ("classifier", "chain"), ("west", "client")),
    Cable("cable2", ("west", "firewall"), ("firewall", "chain")),
    Cable("cable3", ("west", "east"), ("east", "west")),
    Cable("cable4", ("east", "monitor"), ("monitor", "chain")),
    Cable("cable5", ("east", "server"), ("end", "chain")),
)
PACKAGES: dict[str, tuple[str, dict[str, str]]] = {
    "classifier": ("classifier", {}),
    "west": ("forwarder-west", {}),
    "firewall": ("firewall", {}),
    "east": ("forwarder-east", {}),
    "monitor": ("monitor", {}),
    "end": ("classifier", {"TCP": "11", "OTHER": "13", "FORWARDER": "02:00:00:00:0f:02"}),
}
"""Functions, the package of each, and its parameters."""
RECEIVERS = {
    **{cable.left: cable.right[0] for cable in CABLES},
    **{cable.right: cable.left[0] for cable in CABLES},
    **{("classifier", "host"): "client", ("end", "host"): "server"},
}
"""Who is at the other end of a function's interface."""
_UNUSED, _COUNTED = "00" * 16, "00000001" + "00" * 12
WAY = (
    Hop("classifier", "west", Header(10, 255, 63, _UNUSED)),
    Hop("west", "firewall", Header(10, 255, 62, _UNUSED)),
    Hop("firewall", "west", Header(10, 254, 62, _UNUSED)),
    Hop("west", "east", Header(10, 254, 61, _UNUSED)),
    Hop("east", "monitor", Header(10, 254, 60, _UNUSED)),
    Hop("monitor", "east", Header(10, 253, 60, _COUNTED)),
    Hop("east", "end", Header(10, 253, 59, _COUNTED)),
    Hop("end", "server", None),
)
"""What becomes of the first packet of TCP that the chain gets: the monitor has counted one."""
_SOURCE_PORT = 54321
_PORTS = f"{_SOURCE_PORT:04x}0050"
# Where the ports are in a frame, and in one that has a header with 16 bytes of context before it.
_PLAIN, _IN_CHAIN = f"34/{_PORTS}", f"18/00000a 72/{_PORTS}"


def segment() -> bytes:
    """A frame to the server's port 80 that opens nothing: a TCP segment without flags."""
    addresses = socket.inet_aton(CLIENT) + socket.inet_aton(SERVER)
    tcp = _SOURCE_PORT.to_bytes(2) + (80).to_bytes(2) + bytes(8) + b"\x50\x00\x20\x00" + bytes(4)
    head = bytes.fromhex("45000028000100004006") + bytes(2) + addresses
    total = sum(int.from_bytes(head[at : at + 2]) for at in range(0, len(head), 2))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + (~total & 0xFFFF).to_bytes(2) + head[12:]
    return bytes.fromhex("02000000000e 02000000000c 0800") + head + tcp


def _requests() -> dict[str, TraceRequest]:
    """The segment on path 10, as often as it comes through each function."""
    visits = Counter(hop.sender for hop in WAY)
    return {
        name: TraceRequest(pattern=_PLAIN if name == "classifier" else _IN_CHAIN, count=count)
        for name, count in visits.items()
    }


class Chain:
    """The chain and its hosts, with a web server on two ports; all of it goes when it is left."""

    def __init__(self, client: Client, pages: Path) -> None:
        self._functions = client
        self._pages = pages
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def one_packet(self) -> list[Hop]:
        """Send the segment from the client, and follow it to the end."""
        return await follow(
            self._functions, _requests(), lambda: self.client.send(LINK, segment()), RECEIVERS
        )

    async def seen(self) -> dict[str, int]:
        """Packets that the monitor has counted, by service path."""
        seen: dict[str, int] = json.loads(await self._functions.read("monitor", "monitor.seen"))
        return seen

    async def refused(self) -> int:
        """Packets that the firewall did not let pass."""
        return int(await self._functions.read("firewall", "web/refused.count"))

    async def _open(self) -> None:
        self.client, self.server, self.cables = map(self._host, ("client", "server", "cables"))
        for name in PACKAGES:
            await self._start(name)
        plug(self.cables, CABLES)
        self.client.configure(LINK, CLIENT)
        self.server.configure(LINK, SERVER)
        self.server.configure("lo")
        for port in PORTS:
            page = ("-m", "http.server", str(port), "--directory", str(self._pages))
            await self.server.serve(port, sys.executable, *page)

    async def _close(self) -> None:
        """Take everything away, to the end even where that is interrupted."""
        closing = asyncio.ensure_future(self._stack.aclose())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await closing
            raise

    def _host(self, role: str) -> Host:
        host = Host(f"{PREFIX}{os.getpid()}-{role}")
        self._stack.push_async_callback(host.close)
        return host

    async def _start(self, name: str) -> None:
        package, values = PACKAGES[name]
        bindings = [
            f"{interface}=netns:{self.cables.name}:{cable.name}{side}"
            for cable in CABLES
            for side, (function, interface) in (("a", cable.left), ("b", cable.right))
            if function == name
        ]
        for end, host in (("classifier", self.client), ("end", self.server)):
            if name == end:
                bindings.append(f"host=netns:{host.name}:{LINK}")
        request = self._functions.prepare(str(HERE / package), name, bindings, values)
        self._stack.push_async_callback(self._functions.remove, name, missing_ok=True)
        await self._functions.run(request)
