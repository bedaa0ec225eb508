"""The engine's side of the component contract, as small as a test needs it."""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 30
HELLO, WELCOME, REFUSED, HANDLER, REASON, READY, CALL, ANSWER, BYE = range(1, 10)
METADATA, SPARE, DROP = 1, 2, 4
ENTRIES, RESERVED, SMALL, LARGE = 64, 16, 2112, 68608
SMALL_COUNT, LARGE_COUNT = 64, 4
RING_TO, RING_FROM, RECORDS = 4096, 8192, 12288
LINK_BYTES = RECORDS + 64 * ENTRIES
LARGE_BASE = SMALL_COUNT * SMALL
FRAMES_BYTES = LARGE_BASE + LARGE_COUNT * LARGE
USUAL_OFFSET = RESERVED + 128


@dataclass(frozen=True)
class Descriptor:
    """16 bytes of a ring."""

    packet: int
    slot: int
    length: int
    offset: int = USUAL_OFFSET
    port: int = 0
    flags: int = 0

    def pack(self) -> bytes:
        return struct.pack(
            "<IIIHBB", self.packet, self.slot, self.length, self.offset, self.port, self.flags
        )


@dataclass(frozen=True)
class Message:
    """One message of the socket."""

    type: int
    status: int = 0
    id: int = 0
    payload: bytes = b""

    def pack(self) -> bytes:
        head = struct.pack("<IHHII", len(self.payload), self.type, self.status, self.id, 0)
        return head + self.payload


def welcome(**changes: int) -> Message:
    """A welcome as this peer lays its memory out; `changes` makes it a wrong one."""
    fields = {
        "major": 1,
        "minor": 0,
        "features": 0,
        "link_bytes": LINK_BYTES,
        "entries": ENTRIES,
        "packets": ENTRIES,
        "ring_to": RING_TO,
        "ring_from": RING_FROM,
        "metadata": RECORDS,
        "inputs": 1,
        "outputs": 2,
        "reserved": RESERVED,
        "small_count": SMALL_COUNT,
        "small_stride": SMALL,
        "large_count": LARGE_COUNT,
        "large_stride": LARGE,
        "large_base": LARGE_BASE,
        "frames_bytes": FRAMES_BYTES,
    }
    assert changes.keys() <= fields.keys()
    values = (fields | changes).values()
    return Message(WELCOME, payload=struct.pack("<HHIQ12IQQ16x", *values))


@dataclass
class Connection:
    """A connected component, and what the two share."""

    socket: socket.socket
    link: mmap.mmap = field(init=False)
    frames: mmap.mmap = field(init=False)
    wake: int = field(init=False, default=-1)
    woken: int = field(init=False, default=-1)
    sent: int = field(init=False, default=0)
    taken: int = field(init=False, default=0)
    buffer: bytes = field(init=False, default=b"")

    def hear(self) -> Message | None:
        """The next message; None at the end of the connection."""
        while len(self.buffer) < 16 or len(self.buffer) < 16 + self.announced():
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        length, kind, status, call, zero = struct.unpack_from("<IHHII", self.buffer)
        assert zero == 0
        payload = self.buffer[16 : 16 + length]
        self.buffer = self.buffer[16 + length :]
        return Message(kind, status, call, payload)

    def announced(self) -> int:
        return int.from_bytes(self.buffer[:4], "little")

    def say(self, message: Message) -> None:
        self.socket.sendall(message.pack())

    def welcome(self, message: Message | None = None, magic: bytes = b"weftcmp1") -> None:
        """Make both memories and hand them over."""
        fds = [os.memfd_create("link"), os.memfd_create("frames")]
        os.ftruncate(fds[0], LINK_BYTES)
        os.ftruncate(fds[1], FRAMES_BYTES)
        self.link, self.frames = (mmap.mmap(fd, 0) for fd in fds)
        self.link[:8] = magic
        self.wake, self.woken = (os.eventfd(0, os.EFD_NONBLOCK) for _ in range(2))
        self.sent = self.taken = 0
        data = (message or welcome()).pack()
        socket.send_fds(self.socket, [data], [*fds, self.wake, self.woken])
        for fd in fds:
            os.close(fd)

    def attach(self) -> list[Message]:
        """Hear the hello, welcome, and hear everything up to READY."""
        hello = self.hear()
        assert hello is not None
        assert hello.type == HELLO
        self.welcome()
        heard: list[Message] = []
        while not heard or heard[-1].type != READY:
            message = self.hear()
            assert message is not None, heard
            heard.append(message)
        return heard

    def frame(self, item: Descriptor) -> memoryview:
        slot = item.slot
        large = slot - SMALL_COUNT
        begin = slot * SMALL if large < 0 else LARGE_BASE + large * LARGE
        return memoryview(self.frames)[begin + item.offset : begin + item.offset + item.length]

    def send(self, *items: Descriptor, wake: bool = True) -> None:
        """Put descriptors in the ring and wake the component if it sleeps."""
        for item in items:
            at = RING_TO + self.sent % ENTRIES * 16
            self.link[at : at + 16] = item.pack()
            self.sent += 1
        self.link[64:68] = struct.pack("<I", self.sent % 2**32)
        if wake and self.link[192:196] == b"\1\0\0\0":
            self.link[192:196] = bytes(4)
            os.eventfd_write(self.wake, 1)

    def pack(self, packet: int, data: bytes, flags: int = 0, port: int = 0) -> Descriptor:
        """A packet in the small slot of the same number."""
        item = Descriptor(packet, packet, len(data), port=port, flags=flags)
        self.frame(item)[:] = data
        return item

    def take(self, count: int) -> list[Descriptor]:
        """Wait for so many descriptors; there are not more."""
        while True:
            self.link[256:260] = b"\1\0\0\0"
            (tail,) = struct.unpack("<I", self.link[128:132])
            if (tail - self.taken) % 2**32 >= count:
                break
            ready, _, _ = select.select([self.woken], [], [], LIMIT_S)
            assert ready, f"{(tail - self.taken) % 2**32} of {count} came back"
            os.eventfd_read(self.woken)
        assert (tail - self.taken) % 2**32 == count
        items = []
        for number in range(self.taken, self.taken + count):
            at = RING_FROM + number % ENTRIES * 16
            items.append(Descriptor(*struct.unpack("<IIIHBB", self.link[at : at + 16])))
        self.taken += count
        return items

    def wait_asleep(self) -> None:
        """Wait until the component says that it is about to sleep."""
        end = time.monotonic() + LIMIT_S
        while self.link[192:196] != b"\1\0\0\0":
            assert time.monotonic() < end, "the component does not go to sleep"
            os.sched_yield()

    def call(self, name: str, value: bytes | None = None, parameter: bytes = b"") -> Message:
        """Read a handler, or write it if there is a value; its answer."""
        payload = name.encode() + b"\0" + (parameter if value is None else value)
        self.say(Message(CALL, 0 if value is None else 1, 77, payload))
        answer = self.hear()
        assert answer is not None
        assert (answer.type, answer.id) == (ANSWER, 77)
        return answer

    def close(self) -> None:
        self.socket.close()
        for fd in (self.wake, self.woken):
            if fd >= 0:
                os.close(fd)
        self.wake = self.woken = -1


class Peer:
    """A listening engine, and the one component process it is for."""

    def __init__(self, folder: Path, *program: str, **environment: str) -> None:
        self.path = folder / "components.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.settimeout(LIMIT_S)
        self.listener.bind(str(self.path))
        self.listener.listen()
        self.connections: list[Connection] = []
        self.process = subprocess.Popen(
            program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {"WEFT_COMPONENT": str(self.path), "WEFT_COMPONENT_NAME": "filter"}
            | environment,
        )

    def accept(self) -> Connection:
        accepted, _ = self.listener.accept()
        accepted.settimeout(LIMIT_S)
        self.connections.append(Connection(accepted))
        return self.connections[-1]

    def end(self) -> tuple[int, str]:
        """Wait for the process: its status and standard error."""
        _, errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, errors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()
        for connection in self.connections:
            connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
