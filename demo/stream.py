"""Numbered UDP datagrams from the client to the server, and what became of them."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from demo.stage import THROUGH

if TYPE_CHECKING:
    from demo.stage import Host, Stage

__all__ = ["RATE_PPS", "Stream"]

RATE_PPS = 2000
_PORT = 7777
_LENGTH = 200
_BUFFER_BYTES = 64 << 20
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_TIMESTAMP = struct.Struct("@qq")
_NUMBER = struct.Struct("!Q")
_PATIENCE_S = 20.0
_QUIET_S = 0.3


class Stream:
    """Sends from entering on, at a steady rate; receives until it is left."""

    def __init__(self, stage: Stage) -> None:
        self._sender = _udp_socket(stage.client)
        self._sender.connect((THROUGH["server"], _PORT))
        self._receiver = _udp_socket(stage.server)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
        self._receiver.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._receiver.bind((THROUGH["server"], _PORT))
        self._receiver.settimeout(0.05)
        self._sent_all, self._over = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._send, self._receive)]
        self.sent = 0
        self.numbers: list[int] = []
        self.times: list[float] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sent_all.set()
        self._over.set()
        for thread in self._threads:
            thread.join()
        self._sender.close()
        self._receiver.close()

    def flow(self, seconds: float) -> None:
        """Return when as many more have come as are sent in this time."""
        wanted = len(self.numbers) + int(seconds * RATE_PPS)
        deadline = time.monotonic() + _PATIENCE_S
        while len(self.numbers) < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.numbers)} of {wanted} datagrams came")
            time.sleep(0.005)

    def settle(self) -> None:
        """Stop sending; return when all have come, or none has for a while."""
        self._sent_all.set()
        self._threads[0].join()
        seen, since = -1, time.monotonic()
        while len(self.numbers) < self.sent and time.monotonic() < since + _QUIET_S:
            if seen != len(self.numbers):
                seen, since = len(self.numbers), time.monotonic()
            time.sleep(0.005)

    def came_before(self, moment: float) -> int:
        """How many had come by then, in seconds since 1970."""
        return bisect_left(self.times, moment)

    def longest_silence_ms(self, since: float) -> float:
        """The longest time in which none came, from the last one before `since` on, within a second."""
        first = max(self.came_before(since) - 1, 0)
        last = max(self.came_before(since + 1.0), first + 1) + 1
        return max((b - a for a, b in pairwise(self.times[first:last])), default=0.0) * 1e3

    @property
    def overtaken(self) -> int:
        """Datagrams that came behind one that was sent later."""
        highest, count = -1, 0
        for number in self.numbers:
            count += number < highest
            highest = max(highest, number)
        return count

    @property
    def doubled(self) -> int:
        """Datagrams that came again."""
        return len(self.numbers) - len(set(self.numbers))

    def _send(self) -> None:
        start = time.monotonic()
        with contextlib.suppress(OSError):  # the device may go away
            while not self._sent_all.wait(0.001):
                due = int((time.monotonic() - start) * RATE_PPS)
                while self.sent < due:
                    self._sender.send(_NUMBER.pack(self.sent).ljust(_LENGTH, b"\0"))
                    self.sent += 1

    def _receive(self) -> None:
        while not self._over.is_set():
            try:
                data, ancillary, _, _ = self._receiver.recvmsg(2048, 64)
            except TimeoutError:
                continue
            seconds, nanoseconds = _TIMESTAMP.unpack(ancillary[0][2])
            self.times.append(seconds + nanoseconds * 1e-9)
            self.numbers.append(_NUMBER.unpack_from(data)[0])


def _udp_socket(host: Host) -> socket.socket:
    with host.namespace.entered():
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
