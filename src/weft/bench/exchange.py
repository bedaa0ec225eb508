"""Round trips between two hosts: a request over TCP or UDP, and its answer."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

from weft.errors import WeftError

if TYPE_CHECKING:
    from weft.bench.plan import Plan
    from weft.server.namespaces import Namespace

__all__ = ["PORT", "Requester", "Responder"]

PORT = 80
"""What requests go to: one that analyzers look into."""
_PATIENCE_S = 10.0
_WORDS = b"GET /index.html HTTP/1.1\r\nHost: server.example\r\nAccept: text/html, */*\r\n"


class Responder:
    """A process that answers on a host, by sockets opened there; it ends when it is left."""

    def __init__(self, namespace: Namespace) -> None:
        with namespace.entered():
            self._sockets = [
                socket.socket(socket.AF_INET, kind)
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
            ]
        for handle in self._sockets:
            handle.bind(("0.0.0.0", PORT))  # noqa: S104 - in a namespace made for it
        self._sockets[0].listen()
        descriptors = [handle.fileno() for handle in self._sockets]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "weft.bench.responder", *map(str, descriptors)],
            stdin=subprocess.PIPE,
            pass_fds=descriptors,
            start_new_session=True,  # Ctrl-C is for the one that measures
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        for handle in self._sockets:
            handle.close()


class Requester:
    """Asks one address of the responder, again and again over the same socket."""

    def __init__(self, namespace: Namespace, address: str, plan: Plan) -> None:
        kind = socket.SOCK_STREAM if plan.protocol == "tcp" else socket.SOCK_DGRAM
        with namespace.entered():
            self._socket = socket.socket(socket.AF_INET, kind)
        self._address = address
        self._plan = plan
        self._request = (_WORDS * (plan.size // len(_WORDS) + 1))[: plan.size]
        self._socket.settimeout(_PATIENCE_S)
        try:
            self._socket.connect((address, PORT))
            if plan.protocol == "tcp":
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            self._socket.close()
            raise self._lost(error) from None

    def median_us(self) -> float:
        """The median of as many round trips as a repetition has, in microseconds."""
        for _ in range(self._plan.warm_up):
            self._once()
        return statistics.median(self._once() for _ in range(self._plan.requests)) / 1e3

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()

    def _once(self) -> int:
        """One round trip in nanoseconds."""
        if self._plan.pause_ms:
            time.sleep(self._plan.pause_ms / 1e3)
        left = len(self._request)
        begun = time.perf_counter_ns()
        try:
            self._socket.sendall(self._request)
            while left > 0:
                came = len(self._socket.recv(65536))
                if came == 0:
                    raise ConnectionResetError("the connection was closed")
                left -= came
        except OSError as error:
            raise self._lost(error) from None
        return time.perf_counter_ns() - begun

    def _lost(self, error: OSError) -> WeftError:
        why = "timed out" if isinstance(error, TimeoutError) else error.strerror or error
        return WeftError(f"no answer from {self._address} port {PORT}: {why}")
