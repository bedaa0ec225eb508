"""The engine's side of the component contract, for tests of an SDK that need no engine."""

from __future__ import annotations

import array
import mmap
import os
import select
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SMALL_COUNT, SMALL_STRIDE, LARGE_COUNT, LARGE_STRIDE = 64, 2112, 4, 68608
ENTRIES, PACKETS, RESERVED, HEADROOM = 64, 64, 16, 144
LARGE_BASE = SMALL_COUNT * SMALL_STRIDE
FRAMES_BYTES = LARGE_BASE + LARGE_COUNT * LARGE_STRIDE
RING_TO, RING_FROM, METADATA = 4096, 8192, 16384
LINK_BYTES = METADATA + PACKETS * 64
TAIL_TO, TAIL_FROM, COMPONENT_SLEEPS, ENGINE_SLEEPS = 64, 128, 192, 256
WELCOME, REFUSED, HANDLER, REASON, READY, CALL, ANSWER, BYE = 2, 3, 4, 5, 6, 7, 8, 9
SPARE, DROP = 2, 4
DEADLINE_S = 20


@dataclass
class Message:
    kind: int
    status: int
    number: int
    payload: bytes


@dataclass
class Returned:
    packet: int
    port: int
    flags: int
    data: bytes


@dataclass
class EngineSide:
    """Listens at ``path``; packet i lies in slot i, the last eight small slots and one large are spares."""

    path: Path
    outputs: int = 4
    declared: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.listener.settimeout(DEADLINE_S)

    def close(self) -> None:
        self.listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        if hasattr(self, "connection"):
            self.connection.close()

    def greet(self) -> Message:
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(DEADLINE_S)
        return self.receive()

    def say(self, kind: int, payload: bytes = b"", status: int = 0, number: int = 0) -> None:
        self.connection.sendall(
            struct.pack("<IHHII", len(payload), kind, status, number, 0) + payload
        )

    def receive(self) -> Message:
        length, kind, status, number, zero = struct.unpack("<IHHII", self.exactly(16))
        assert zero == 0
        return Message(kind, status, number, self.exactly(length))

    def exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            assert more, "the component hung up"
            data += more
        return data

    def attach(self) -> Message:
        """Up to READY; what was declared stands in ``declared``. The answer is the HELLO."""
        hello = self.greet()
        sizes = (LINK_BYTES, FRAMES_BYTES)
        memories = [os.memfd_create("memory") for _ in sizes]
        for memory, size in zip(memories, sizes, strict=True):
            os.ftruncate(memory, size)
        self.link, self.frames = (
            mmap.mmap(memory, size) for memory, size in zip(memories, sizes, strict=True)
        )
        self.link[0:8] = b"weftcmp1"
        self.theirs = os.eventfd(0, os.EFD_NONBLOCK)
        self.ours = os.eventfd(0, os.EFD_NONBLOCK)
        self.tail = self.head = 0
        welcome = struct.pack(
            "<HHIQ12IQQ16x",
            *(1, 0, 1, LINK_BYTES, ENTRIES, PACKETS, RING_TO, RING_FROM, METADATA, 1, self.outputs),
            *(RESERVED, SMALL_COUNT, SMALL_STRIDE, LARGE_COUNT, LARGE_STRIDE),
            *(LARGE_BASE, FRAMES_BYTES),
        )
        head = struct.pack("<IHHII", len(welcome), WELCOME, 0, 0, 0)
        descriptors = array.array("i", [*memories, self.theirs, self.ours])
        self.connection.sendmsg(
            [head + welcome], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors.tobytes())]
        )
        for memory in memories:
            os.close(memory)
        self.declared = []
        while (message := self.receive()).kind != READY:
            self.declared.append(message)
        return hello

    def give(self, packets: list[bytes], first: int = 0) -> None:
        """Packet ``first + i`` holds ``packets[i]``."""
        for index, data in enumerate(packets, first):
            begin = index * SMALL_STRIDE + HEADROOM
            self.frames[begin : begin + len(data)] = data
            self.hand_over(index, index, len(data), HEADROOM, 0)
        self.publish()

    def give_spares(self, count: int) -> None:
        for index in range(PACKETS - count, PACKETS):
            self.hand_over(index, index, 0, HEADROOM, SPARE)
        self.publish()

    def hand_over(self, index: int, slot: int, length: int, offset: int, flags: int) -> None:
        at = RING_TO + self.tail % ENTRIES * 16
        self.link[at : at + 16] = struct.pack("<IIIHBB", index, slot, length, offset, 0, flags)
        self.tail += 1

    def publish(self) -> None:
        self.link[TAIL_TO : TAIL_TO + 4] = struct.pack("<I", self.tail)
        self.link[COMPONENT_SLEEPS : COMPONENT_SLEEPS + 4] = bytes(4)
        os.eventfd_write(self.theirs, 1)

    def take(self, count: int) -> list[Returned]:
        """The next ``count`` descriptors that come back."""
        returned: list[Returned] = []
        while len(returned) < count:
            self.link[ENGINE_SLEEPS : ENGINE_SLEEPS + 4] = struct.pack("<I", 1)
            (tail,) = struct.unpack_from("<I", self.link, TAIL_FROM)
            if tail == self.head:
                ready, _, _ = select.select(
                    [self.ours, self.connection.fileno()], [], [], DEADLINE_S
                )
                assert self.ours in ready, f"{count - len(returned)} packets did not come back"
                os.eventfd_read(self.ours)
                continue
            at = RING_FROM + self.head % ENTRIES * 16
            returned.append(self.read(*struct.unpack_from("<IIIHBB", self.link, at)))
            self.head += 1
        return returned

    def read(
        self, index: int, slot: int, length: int, offset: int, port: int, flags: int
    ) -> Returned:
        assert index == slot
        begin = slot * SMALL_STRIDE + offset
        return Returned(index, port, flags, bytes(self.frames[begin : begin + length]))

    def call(self, name: str, value: bytes = b"", write: bool = False, number: int = 1) -> Message:
        self.say(CALL, name.encode() + b"\0" + value, status=int(write), number=number)
        answer = self.receive()
        assert (answer.kind, answer.number) == (ANSWER, number)
        return answer
