"""The engine's side of the component contract, small and slow, for tests of the Python SDK.

It is written from the contract alone and shares no code with the SDK.
"""

from __future__ import annotations

import mmap
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ENTRIES, SMALL, LARGE = 64, 128, 4
STRIDE, LARGE_STRIDE = 2112, 68608
RING_IN, RING_OUT, METADATA = 4096, 8192, 12288
TLVS = METADATA + 64 * ENTRIES
LINK_BYTES = TLVS + 256 * ENTRIES
TIMESTAMPS, NSH = 1, 2
LARGE_BASE = SMALL * STRIDE
FRAMES_BYTES = LARGE_BASE + LARGE * LARGE_STRIDE
(HELLO, WELCOME, REFUSED, HANDLER, REASON, READY, CALL, ANSWER, BYE) = range(1, 10)


def message(kind: int, payload: bytes = b"", status: int = 0, number: int = 0) -> bytes:
    return struct.pack("<IHHII", len(payload), kind, status, number, 0) + payload


@dataclass(frozen=True)
class Returned:
    """A packet as the component returned it."""

    packet: int
    slot: int
    length: int
    offset: int
    port: int
    flags: int
    data: bytes

    @property
    def dropped(self) -> bool:
        return bool(self.flags & 4)


class Memories:
    """Link and frames memory with their rings; packet index n lies in slot n unless told."""

    def __init__(self, inputs: int = 1, outputs: int = 2, features: int = TIMESTAMPS) -> None:
        self.inputs, self.outputs, self.features = inputs, outputs, features
        self.link_fd = os.memfd_create("link")
        self.frames_fd = os.memfd_create("frames")
        os.truncate(self.link_fd, LINK_BYTES)
        os.truncate(self.frames_fd, FRAMES_BYTES)
        self.link = mmap.mmap(self.link_fd, LINK_BYTES)
        self.frames = mmap.mmap(self.frames_fd, FRAMES_BYTES)
        self.link[:8] = b"weftcmp1"
        self.wake = os.eventfd(0, os.EFD_NONBLOCK)  # wakes the component
        self.woken = os.eventfd(0, os.EFD_NONBLOCK)  # wakes the engine
        self.sent = self.taken = 0

    def welcome(self) -> bytes:
        return struct.pack(
            "<HHIQ12IQQI12x",
            *(
                1,
                self.features // NSH,
                self.features,
                LINK_BYTES,
                ENTRIES,
                ENTRIES,
                RING_IN,
                RING_OUT,
                METADATA,
            ),
            *(self.inputs, self.outputs, 16, SMALL, STRIDE, LARGE, LARGE_STRIDE),
            *(LARGE_BASE, FRAMES_BYTES, TLVS if self.features & NSH else 0),
        )

    def descriptors(self) -> list[int]:
        return [os.dup(fd) for fd in (self.link_fd, self.frames_fd, self.wake, self.woken)]

    def word(self, at: int, value: int | None = None) -> int:
        if value is not None:
            self.link[at : at + 4] = struct.pack("<I", value & 0xFFFFFFFF)
        return int.from_bytes(self.link[at : at + 4], "little")

    def begin_at(self, tail: int) -> None:
        """As if `tail` descriptors had gone each way before; for a link in memory only."""
        self.sent = self.taken = tail
        self.word(64, tail)
        self.word(128, tail)

    def frame(self, slot: int) -> int:
        if slot < SMALL:
            return slot * STRIDE
        return LARGE_BASE + (slot - SMALL) * LARGE_STRIDE

    def push(
        self,
        data: bytes,
        packet: int,
        *,
        slot: int | None = None,
        offset: int = 144,
        port: int = 0,
        flags: int = 0,
        metadata: bytes = b"",
    ) -> None:
        """Writes a descriptor; `show` makes it visible."""
        slot = packet if slot is None else slot
        begin = self.frame(slot) + offset
        self.frames[begin : begin + len(data)] = data
        if metadata:
            self.link[METADATA + 64 * packet : METADATA + 64 * packet + 64] = metadata
        at = RING_IN + 16 * (self.sent % ENTRIES)
        self.link[at : at + 16] = struct.pack(
            "<IIIHBB", packet, slot, len(data), offset, port, flags
        )
        self.sent += 1

    def spare(self, packet: int, slot: int | None = None) -> None:
        self.push(b"", packet, slot=slot, offset=16, flags=2)

    def show(self) -> None:
        self.word(64, self.sent)
        if self.word(192):
            self.word(192, 0)
            os.eventfd_write(self.wake, 1)

    def send(self, *packets: bytes) -> None:
        """Sends packets of indices 0, 1, ... at once."""
        for packet, data in enumerate(packets):
            self.push(data, packet)
        self.show()

    def returned(self) -> list[Returned]:
        """What came back since the last look."""
        found = []
        while self.taken & 0xFFFFFFFF != self.word(128):
            at = RING_OUT + 16 * (self.taken % ENTRIES)
            packet, slot, length, offset, port, flags = struct.unpack(
                "<IIIHBB", self.link[at : at + 16]
            )
            begin = self.frame(slot) + offset
            data = self.frames[begin : begin + length]
            found.append(Returned(packet, slot, length, offset, port, flags, data))
            self.taken += 1
        return found

    def record(self, packet: int) -> bytes:
        return self.link[METADATA + 64 * packet : METADATA + 64 * packet + 64]

    def close(self) -> None:
        for fd in (self.link_fd, self.frames_fd, self.wake, self.woken):
            os.close(fd)


class Peer:
    """A listening engine that takes one component at a time. Every wait ends after 20 seconds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.settimeout(20)
        self.listener.bind(str(path))
        self.listener.listen(4)
        self.connection: socket.socket | None = None
        self._received = b""

    def accept(self) -> bytes:
        """The next component's HELLO payload."""
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(20)
        self._received = b""
        kind, _, _, payload = self.receive()
        assert kind == HELLO
        return payload

    def receive(self) -> tuple[int, int, int, bytes]:
        """Type, status, id and payload of the next message; type 0 at the end."""
        while len(self._received) < 16 or len(self._received) < 16 + self._length():
            assert self.connection is not None
            data = self.connection.recv(65536)
            if not data:
                assert not self._received
                return 0, 0, 0, b""
            self._received += data
        length, kind, status, number, zero = struct.unpack_from("<IHHII", self._received)
        assert zero == 0
        payload = self._received[16 : 16 + length]
        self._received = self._received[16 + length :]
        return kind, status, number, payload

    def _length(self) -> int:
        return int.from_bytes(self._received[:4], "little")

    def say(self, data: bytes, descriptors: Sequence[int] = ()) -> None:
        assert self.connection is not None
        if descriptors:
            socket.send_fds(self.connection, [data], list(descriptors))
        else:
            self.connection.sendall(data)

    def welcome(self, memories: Memories) -> list[tuple[int, int, bytes]]:
        """Attaches the component; its declarations as (type, id, payload)."""
        self.say(
            message(WELCOME, memories.welcome()),
            [memories.link_fd, memories.frames_fd, memories.wake, memories.woken],
        )
        declared: list[tuple[int, int, bytes]] = []
        while True:
            kind, _, number, payload = self.receive()
            if kind == READY:
                return declared
            declared.append((kind, number, payload))

    def call(self, name: str, value: bytes = b"", *, write: bool = False) -> tuple[int, bytes]:
        """Status and payload of the answer to a call."""
        self.say(message(CALL, name.encode() + b"\0" + value, int(write), 77))
        kind, status, number, payload = self.receive()
        assert (kind, number) == (ANSWER, 77)
        return status, payload

    def drop(self) -> None:
        """Ends the connection without a word, as an engine that is killed."""
        assert self.connection is not None
        self.connection.close()

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.listener.close()
