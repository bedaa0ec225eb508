"""The ends of the wire: hosts in namespaces of their own, and what a client tries from there."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from weft.server.namespaces import NETNS_FOLDER, Namespace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from socket import SocketKind

__all__ = ["INTERRUPTIONS", "End", "Stream"]

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
_PERMANENT = 0x80  # a neighbour that is never asked for again
_PATIENCE_S = 20.0
_STREAM_PORT = 9


class End:
    """A host, and the programs on it; all of it goes when it is closed."""

    def __init__(self, name: str) -> None:
        from pyroute2 import netns

        self.name = name
        self._programs: list[subprocess.Popen[bytes]] = []
        netns.create(name)
        self.namespace = Namespace.named(name)
        with self.namespace.entered(), contextlib.suppress(FileNotFoundError):
            _NO_IPV6.write_text("1")

    def configure(self, device: str, address: str, mac: str) -> None:
        """Give a device its addresses and bring it up."""
        route, index = self.namespace.route, self.namespace.index_of(device)
        route.link("set", index=index, address=mac)
        route.addr("add", index=index, address=address, prefixlen=24)
        route.link("set", index=index, state="up")

    def know(self, device: str, address: str, mac: str) -> None:
        """Never ask for the Ethernet address of a neighbour."""
        index = self.namespace.index_of(device)
        self.namespace.route.neigh(
            "replace", dst=address, lladdr=mac, ifindex=index, state=_PERMANENT
        )

    def run(self, *arguments: str) -> tuple[int, bytes]:
        """Run a program to its end: its exit status, and what it printed."""
        done = subprocess.run(
            self._command(arguments), capture_output=True, timeout=60, check=False
        )
        return done.returncode, done.stdout

    def serve(self, port: int, *arguments: str) -> None:
        """Start a program that stays; back when its TCP port answers on this host."""
        # A signal in the midst of this would leave a program that nobody knows.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
        try:
            self._programs.append(
                subprocess.Popen(
                    self._command(arguments), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._wait_for(port)

    def socket(self, kind: SocketKind, most_s: float) -> socket.socket:
        """A socket on this host, patient for so long."""
        with self.namespace.entered():
            handle = socket.socket(socket.AF_INET, kind)
        handle.settimeout(most_s)
        return handle

    def ask(self, address: str, port: int, request: bytes, kind: SocketKind) -> str:
        """What the server there answers to a request."""
        with self.socket(kind, 1.0) as handle:
            try:
                handle.connect((address, port))
                handle.sendall(request)
                return handle.recv(65536).decode()
            except TimeoutError:
                return "no answer"

    def close(self) -> None:
        """End the programs and remove the namespace."""
        from pyroute2 import netns

        for program in self._programs:
            program.kill()
            program.wait()
        self.namespace.close()
        netns.remove(self.name)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["nsenter", f"--net={NETNS_FOLDER / self.name}", *arguments]

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            with self.socket(socket.SOCK_STREAM, 1.0) as handle:
                if handle.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing answers on port {port} of {self.name}")
            time.sleep(0.02)


class Stream:
    """Numbered datagrams from one end to another, 500 a second, for as long as it is entered."""

    def __init__(self, sender: End, receiver: End, address: str) -> None:
        self.sent = 0
        self.numbers: list[int] = []
        self._over = threading.Event()
        self._from = sender.socket(socket.SOCK_DGRAM, 5.0)
        self._from.connect((address, _STREAM_PORT))
        self._to = receiver.socket(socket.SOCK_DGRAM, 0.5)
        self._to.bind(("", _STREAM_PORT))
        self._threads = [threading.Thread(target=work) for work in (self._send, self._receive)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._from.close()
        self._to.close()

    @property
    def told(self) -> str:
        """Whether all came, in the order in which they were sent."""
        lost = self.sent - len(set(self.numbers))
        if lost:
            return f"{lost} of {self.sent} lost"
        return "none" if self.numbers == sorted(self.numbers) else "none, but some were overtaken"

    def _send(self) -> None:
        while not self._over.wait(0.002):
            self._from.send(self.sent.to_bytes(8))
            self.sent += 1

    def _receive(self) -> None:
        """Until nothing came for half a second after the last was sent."""
        while True:
            try:
                self.numbers.append(int.from_bytes(self._to.recv(64)))
            except TimeoutError:
                if self._over.is_set():
                    return
