"""Hosts in network namespaces of their own, and the cables between functions in one more."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from weft.server.namespaces import NETNS_FOLDER, Namespace

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Cable", "Host", "plug"]

_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
_PATIENCE_S = 20.0


class Cable(NamedTuple):
    """Its name, and the two ends: a function and its interface each."""

    name: str
    left: tuple[str, str]
    right: tuple[str, str]


class Host:
    """A named namespace, whose devices send nothing of their own accord, and the programs in it."""

    def __init__(self, name: str) -> None:
        from pyroute2 import netns

        self.name = name
        self._programs: list[asyncio.subprocess.Process] = []
        netns.create(name)
        self.namespace = Namespace.named(name)
        with self.namespace.entered(), contextlib.suppress(FileNotFoundError):
            _NO_IPV6.write_text("1")

    def configure(self, device: str, address: str = "") -> None:
        """Give a device an address of a /24, if any, and bring it up."""
        index = self.namespace.index_of(device)
        if address:
            self.namespace.route.addr("add", index=index, address=address, prefixlen=24)
        self.namespace.route.link("set", index=index, state="up")

    def send(self, device: str, frame: bytes) -> None:
        """Send a frame as it is."""
        with self.namespace.entered():
            handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        with handle:
            handle.bind((device, 0))
            handle.send(frame)

    async def run(self, *arguments: str) -> tuple[int, bytes]:
        """Run a program that ends by itself: its exit status, and what it printed."""
        program = await self._start(*arguments)
        printed, _ = await program.communicate()
        return int(program.returncode or 0), printed

    async def serve(self, port: int, *arguments: str) -> None:
        """Start a program that stays until the end; back when its port answers on this host."""
        await self._start(*arguments)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers(port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port} of {self.name}")
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        """End the programs, and remove the namespace with all that is in it."""
        from pyroute2 import netns

        for program in self._programs:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            await program.wait()
        self.namespace.close()
        netns.remove(self.name)

    async def _start(self, *arguments: str) -> asyncio.subprocess.Process:
        program = await asyncio.create_subprocess_exec(
            *("nsenter", f"--net={NETNS_FOLDER / self.name}", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._programs.append(program)
        return program

    def _answers(self, port: int) -> bool:
        with self.namespace.entered():
            handle = socket.socket()
        with handle:
            return handle.connect_ex(("127.0.0.1", port)) == 0


def plug(host: Host, cables: Iterable[Cable]) -> None:
    """Make each cable a bridge between its devices of this host, NAMEa and NAMEb."""
    for cable in cables:
        host.namespace.route.link("add", ifname=cable.name, kind="bridge")
        bridge = host.namespace.index_of(cable.name)
        for side in "ab":
            end = host.namespace.index_of(f"{cable.name}{side}")
            host.namespace.route.link("set", index=end, master=bridge)
        host.configure(cable.name)
