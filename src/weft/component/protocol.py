"""The contract's messages and records as bytes (sdk/contract/README.md); all of it little endian."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

from weft.component.errors import ProtocolError

__all__ = [
    "ANSWER",
    "BYE",
    "CALL",
    "DESCRIPTOR",
    "DROP",
    "FAILED",
    "FEATURE_NSH",
    "FEATURE_TIMESTAMPS",
    "HANDLER",
    "HELLO",
    "MAGIC",
    "MAJOR",
    "MAX_PAYLOAD",
    "METADATA",
    "MINOR",
    "MOST_TLVS",
    "PARENT",
    "READY",
    "REASON",
    "RECORD",
    "REFUSED",
    "SPARE",
    "TLVS",
    "VERSION",
    "WELCOME",
    "Message",
    "Metadata",
    "Welcome",
    "call_of",
    "decode",
    "encode",
    "handler_payload",
    "hello_payload",
]

VERSION = "0.1.0"  # of this SDK

MAGIC = b"weftcmp1"
MAJOR, MINOR = 1, 2
FEATURE_TIMESTAMPS, FEATURE_NSH = 1, 2
MAX_PAYLOAD = 1 << 20

HELLO, WELCOME, REFUSED, HANDLER, REASON, READY, CALL, ANSWER, BYE = range(1, 10)
FAILED = 1  # status of an answer

METADATA, SPARE, DROP, PARENT = 1, 2, 4, 8  # flags of a descriptor

HEAD = struct.Struct("<IHHII")
DESCRIPTOR = struct.Struct("<IIIHBB")  # packet, slot, length, offset, port, flags
RECORD = struct.Struct("<IIBBHBBBxQ16s24x")
TLVS = 256  # bytes from one packet's context headers to those of the next
MOST_TLVS = 244  # bytes of a packet's context headers
HELLO_HEAD = struct.Struct("<8sHHIHHHH")
WELCOME_PAYLOAD = struct.Struct("<HHIQ12IQQI12x")
MAX_NAMES = 256


class Message(NamedTuple):
    """One message of the socket."""

    type: int
    payload: bytes = b""
    status: int = 0
    id: int = 0


class Metadata(NamedTuple):
    """What is known of a packet besides its bytes: a record of the metadata table."""

    mark: int = 0
    spi: int = 0
    si: int = 0
    nsh: int = 0  # 0: none; else its MD type: 1, 2, or 15 (of experiments)
    timestamp: int = 0  # nanoseconds since 1970; 0: none
    context: bytes = bytes(16)
    tlvs: int = 0  # bytes of its context headers, which lie in a table of their own
    ttl: int = 0
    oam: int = 0  # 1: an OAM packet
    next_protocol: int = 0

    @classmethod
    def read(cls, memory: memoryview | bytes, at: int) -> Metadata:
        """The record that lies at byte `at` of `memory`."""
        mark, spi, si, nsh, tlvs, ttl, oam, following, timestamp, context = RECORD.unpack_from(
            memory, at
        )
        return cls(mark, spi, si, nsh, timestamp, context, tlvs, ttl, oam & 1, following)

    def write(self, memory: memoryview | bytearray, at: int) -> None:
        """Fills the whole record at byte `at` of `memory`."""
        RECORD.pack_into(
            *(memory, at, self.mark, self.spi, self.si, self.nsh, self.tlvs),
            *(self.ttl, self.oam, self.next_protocol, self.timestamp, self.context),
        )


@dataclass(frozen=True, slots=True)
class Welcome:
    """The engine's answer to a hello: where everything lies, in the contract's order."""

    major: int
    minor: int
    features: int
    link_bytes: int
    entries: int
    packets: int
    ring_in: int  # offset of the ring to the component
    ring_out: int
    metadata: int
    inputs: int
    outputs: int
    reserved: int  # bytes at the front of a slot that are not the component's
    small_count: int
    small_stride: int
    large_count: int
    large_stride: int
    large_base: int
    frames_bytes: int
    tlvs: int = 0  # offset of the context headers

    @property
    def has_nsh(self) -> bool:
        """Whether the engine tells all of NSH, and heeds parents."""
        return bool(self.features & FEATURE_NSH)

    @classmethod
    def decode(cls, payload: bytes) -> Welcome:
        """Checks all of it; raises ProtocolError naming what is wrong."""
        if len(payload) != WELCOME_PAYLOAD.size:
            raise ProtocolError(
                f"a WELCOME has {WELCOME_PAYLOAD.size} bytes, this one {len(payload)}"
            )
        welcome = cls(*WELCOME_PAYLOAD.unpack(payload))
        welcome._check()
        return welcome

    def _check(self) -> None:
        if self.major != MAJOR:
            raise ProtocolError(f"the engine speaks version {self.major}, this SDK {MAJOR}")
        entries = self.entries
        if not 64 <= entries <= 32768 or entries & (entries - 1) or self.packets > entries:
            raise ProtocolError(f"rings of {entries} entries for {self.packets} packets")
        tlvs = [("the context headers", self.tlvs, TLVS * self.packets, 8)] if self.has_nsh else []
        for what, begin, size, align in (
            *tlvs,
            ("the ring to the component", self.ring_in, 16 * entries, 16),
            ("the ring from the component", self.ring_out, 16 * entries, 16),
            ("the metadata table", self.metadata, RECORD.size * self.packets, 8),
        ):
            if begin < 260 or begin % align or begin + size > self.link_bytes:
                raise ProtocolError(f"{what} does not lie within the link memory")
        for what, count, stride in (
            ("small", self.small_count, self.small_stride),
            ("large", self.large_count, self.large_stride),
        ):
            if count and stride <= self.reserved:
                raise ProtocolError(
                    f"{what} slots of {stride} bytes, {self.reserved} of them reserved"
                )
        small_end = self.small_count * self.small_stride
        large_end = self.large_base + self.large_count * self.large_stride
        if max(small_end, large_end if self.large_count else 0) > self.frames_bytes:
            raise ProtocolError("the slots do not lie within the frames memory")


def encode(message: Message) -> bytes:
    """A message as it goes over the socket."""
    head = HEAD.pack(len(message.payload), message.type, message.status, message.id, 0)
    return head + message.payload


def decode(buffer: bytearray) -> Message | None:
    """Takes the first whole message out of `buffer`; None where there is none yet.

    Raises ProtocolError if its length is more than the contract allows.
    """
    if len(buffer) < HEAD.size:
        return None
    length, kind, status, number, _ = HEAD.unpack_from(buffer)
    if length > MAX_PAYLOAD:
        raise ProtocolError(f"a message of {length} bytes; at most {MAX_PAYLOAD} are allowed")
    end = HEAD.size + length
    if len(buffer) < end:
        return None
    payload = bytes(buffer[HEAD.size : end])
    del buffer[:end]
    return Message(kind, payload, status, number)


def hello_payload(
    name: str, sdk: str, features: int = 0, spares: int = 32, large_spares: int = 2
) -> bytes:
    """The payload of HELLO; raises ValueError where the names do not fit."""
    names = b"".join(text.encode() + b"\0" for text in (name, sdk))
    if len(names) > MAX_NAMES:
        raise ValueError(f"the name of the component is too long: '{name}'")
    sizes = (DESCRIPTOR.size, RECORD.size, spares, large_spares)
    return HELLO_HEAD.pack(MAGIC, MAJOR, MINOR, features, *sizes) + names


def handler_payload(
    value: int,
    access: int,
    name: str,
    unit: str,
    help: str,  # noqa: A002
    limits: str = "",
) -> bytes:
    """The payload of HANDLER: a declaration."""
    said = (name, unit, help, limits) if limits else (name, unit, help)
    texts = b"".join(text.encode() + b"\0" for text in said)
    return struct.pack("<BBH", value, access, 0) + texts


def call_of(payload: bytes) -> tuple[str, bytes]:
    """Handler's name and parameter or value of a CALL."""
    name, zero, value = payload.partition(b"\0")
    if not zero:
        raise ProtocolError("a CALL without the zero byte that ends the handler's name")
    return name.decode(errors="replace"), value
