"""The stage: two hosts in namespaces of their own, with a direct cable between them for comparison."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from weft.server.namespaces import NETNS_FOLDER, Namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DIRECT", "PREFIX", "THROUGH", "Host", "Stage", "weft_command"]

PREFIX = "weft-demo-"
"""How all begins that is made outside of folders; the process id is next."""

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PERMANENT = 0x80  # a neighbour that is never asked for again
DIRECT = {"client": "10.77.1.1", "server": "10.77.1.2"}
THROUGH = {"client": "10.77.2.1", "server": "10.77.2.2"}


def weft_command(*arguments: str) -> list[str]:
    """The command line of `weft`, as it is installed beside this Python."""
    return [str(Path(sys.executable).with_name("weft")), *arguments]


class Host:
    """One host: a named namespace and the programs started in it."""

    def __init__(self, name: str) -> None:
        from pyroute2 import netns

        self.name = name
        netns.create(name)
        self.namespace = Namespace.named(name)
        self._programs: list[subprocess.Popen[bytes]] = []

    def keep_silent(self) -> None:
        """Have devices that come from now on send nothing of their own accord: no IPv6."""
        switch = "/proc/sys/net/ipv6/conf/default/disable_ipv6"
        self.run("sh", "-c", f"[ ! -e {switch} ] || echo 1 > {switch}")

    def configure(self, device: str, address: str) -> None:
        """Give a device its address and bring it up."""
        index = self.namespace.index_of(device)
        self.namespace.route.addr("add", index=index, address=address, prefixlen=24)
        self.namespace.route.link("set", index=index, state="up")

    def know(self, device: str, address: str, other: Host) -> None:
        """Never ask for the Ethernet address of another host's device of the same name."""
        [link] = other.namespace.route.get_links(other.namespace.index_of(device))
        self.namespace.route.neigh(
            "replace",
            dst=address,
            lladdr=link.get_attr("IFLA_ADDRESS"),
            ifindex=self.namespace.index_of(device),
            state=_PERMANENT,
        )

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The command line that runs a program on this host."""
        return ["nsenter", f"--net={NETNS_FOLDER / self.name}", *arguments]

    def run(self, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[bytes]:
        """Run a program on this host to its end."""
        return subprocess.run(
            self.command(arguments), capture_output=True, timeout=timeout_s, check=False
        )

    def serve(self, *arguments: str) -> None:
        """Start a program on this host that stays until the end."""
        # A signal in the midst of this would leave a program that nobody knows.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
        try:
            self._programs.append(
                subprocess.Popen(
                    self.command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def close(self) -> None:
        """End the programs and remove the namespace."""
        from pyroute2 import netns

        for program in self._programs:
            program.kill()
            program.wait()
        self.namespace.close()
        netns.remove(self.name)


class Stage:
    """Client, server, and the cable between them; all of it goes when the stage is left."""

    def __init__(self, folder: Path) -> None:
        self._stack = contextlib.ExitStack()
        self.folder = folder

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self.client = self._host(stack, "client")
            self.server = self._host(stack, "server")
            self.client.namespace.route.link(
                "add",
                ifname="direct",
                kind="veth",
                peer={"ifname": "direct", "net_ns_fd": self.server.namespace.descriptor},
            )
            for host, role in ((self.client, "client"), (self.server, "server")):
                host.configure("direct", DIRECT[role])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _host(self, stack: contextlib.ExitStack, role: str) -> Host:
        host = Host(f"{PREFIX}{os.getpid()}-{role}")
        stack.callback(host.close)
        return host

    def joined(self, device: str) -> list[str]:
        """Options of `weft run` that put a function between both hosts, by devices of this name."""
        return [
            *("--interface", f"in=netns:{self.client.name}:{device}"),
            *("--interface", f"out=netns:{self.server.name}:{device}"),
        ]

    def open_services(self) -> None:
        """A web server on 80, one on 443, a listener on 22; returns when all three answer."""
        here = Path(__file__).parent
        for web_port in ("80", "443"):
            self.server.serve(sys.executable, str(here / "web.py"), web_port, str(self.folder))
        self.server.serve(sys.executable, str(here / "listener.py"), "22")
        for port in (80, 443, 22):
            self._wait_for(port)

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + 20
        url = f"telnet://{DIRECT['server']}:{port}"
        probe = (
            sys.executable,
            "-c",
            f"import socket; socket.create_connection(('{DIRECT['server']}', {port}), 1)",
        )
        while self.client.run(*probe).returncode != 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on {url}")
            time.sleep(0.02)
