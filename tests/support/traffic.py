"""Numbered frames: a sender and a receiver that tell what was lost, doubled or overtaken."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from bisect import bisect
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from tests.support.frames import ethernet

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from weft.server.namespaces import Namespace

__all__ = ["Cable", "Receiver", "Sender", "numbered_frame"]

_KIND = 0x88B5  # IEEE 802: for local experiments
_ETH_P_ALL = 3
_SO_RCVBUFFORCE = 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_BUFFER_BYTES = 256 << 20
_PATIENCE_S = 20.0
_FILL = 0x5A


def numbered_frame(number: int, length: int = 60, mark: int = _FILL) -> bytes:
    """A frame of which the first eight bytes behind the header are its number, the next one is `mark`."""
    payload = struct.pack("!QB", number, mark).ljust(length - 14, bytes([_FILL]))
    return ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", _KIND, payload)


def _packet_socket(host: Host, device: str, protocol: int) -> socket.socket:
    with host.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    handle.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    handle.bind((device, protocol))
    return handle


class Sender:
    """Sends frames numbered from zero, at a steady rate, in a thread of its own."""

    def __init__(self, host: Host, device: str = "eth0", rate_pps: int = 5000) -> None:
        self._socket = _packet_socket(host, device, 0)
        self._rate_pps = rate_pps
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._marks: deque[int] = deque()
        self.sent = 0

    def mark(self, value: int) -> None:
        """Have one of the frames to come say `value` behind its number."""
        self._marks.append(value)

    def send(self, count: int) -> None:
        """Send so many frames now."""
        for _ in range(count):
            mark = self._marks.popleft() if self._marks else _FILL
            self._socket.send(numbered_frame(self.sent, mark=mark))
            self.sent += 1

    def start(self) -> None:
        """Send until stopped."""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> int:
        """Stop sending; how many frames were sent in all."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return self.sent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._socket.close()

    def _run(self) -> None:
        start = time.monotonic()
        with contextlib.suppress(OSError):  # the device may go away
            while not self._stopping.wait(0.001):
                self.send(int((time.monotonic() - start) * self._rate_pps) - self.sent)


class Receiver:
    """Notes each frame that arrives, its number, and when."""

    def __init__(self, host: Host, device: str = "eth0") -> None:
        self._socket = _packet_socket(host, device, _KIND)
        self._socket.settimeout(0.05)
        self._stopping = threading.Event()
        self.numbers: list[int] = []
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def wait_for(self, count: int, more: Callable[[], str] = str) -> None:
        """Return when so many frames have come in all; `more` has more to say if they do not."""
        deadline = time.monotonic() + _PATIENCE_S
        while len(self.numbers) < count:
            assert time.monotonic() < deadline, f"{self._missing(count)}; {more()}"
            time.sleep(0.002)

    def wait_for_number(self, number: int) -> None:
        """Return when a frame of this number or a later one has come."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self.numbers or self.numbers[-1] < number:
            assert time.monotonic() < deadline, f"no frame came from {number} on"
            time.sleep(0.002)

    def _missing(self, count: int) -> str:
        """What did not come, and whether it is this receiver that was too slow."""
        came = sorted(set(self.numbers))
        gaps = [(a + 1, b - 1) for a, b in pairwise([-1, *came]) if b > a + 1]
        return (
            f"{len(self.numbers)} of {count} frames came; missing up to the last one: {gaps[:5]}; "
            f"this receiver's own buffer had no room for {self.dropped()}"
        )

    def settle(self) -> list[int]:
        """The numbers that came, when none has come for a quarter of a second."""
        seen = -1
        while seen != len(self.numbers):
            seen = len(self.numbers)
            time.sleep(0.25)
        return self.numbers

    def longest_gap_s(self, since: float) -> float:
        """The longest time between two frames, from the last one before `since` on."""
        times = self.times[max(bisect(self.times, since) - 1, 0) :]
        return max(later - earlier for earlier, later in pairwise(times))

    def dropped(self) -> int:
        """Frames that came and that this receiver's own buffer had no room for, since last asked."""
        counts = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        dropped: int = struct.unpack("II", counts)[1]
        return dropped

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                frame = self._socket.recv(2048)
            except TimeoutError:
                continue
            self.times.append(time.monotonic())
            self.frames.append(frame)
            self.numbers.append(struct.unpack_from("!Q", frame, 14)[0])


class Cable:
    """What the kernel lost on links: it counts a frame at the end that sent it."""

    def __init__(self, *ends: tuple[Namespace, str]) -> None:
        self._ends = ends
        self._before = self._read()

    def lost(self) -> int:
        """Frames lost since this was made."""
        return self._read() - self._before

    def _read(self) -> int:
        total = 0
        for namespace, device in self._ends:
            [link] = namespace.route.get_links(namespace.index_of(device))
            total += link.get_attr("IFLA_STATS64")["tx_dropped"]
        return total
