"""One packet: its bytes, where it goes, and what is known of it."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from weft.component.nsh import Nsh
from weft.component.protocol import DESCRIPTOR, DROP, METADATA, Metadata

if TYPE_CHECKING:
    from weft.component.link import Link

__all__ = ["FLAGS", "MAX_LENGTH", "VOID", "OwnPacket", "Packet"]

VOID = 0x80  # this side's own mark: the entry was taken out of the batch
LENGTH, OFFSET = Struct("<I"), Struct("<H")
PORT, FLAGS = 14, 15  # bytes of a descriptor
MAX_LENGTH = 65553  # bytes of the largest packet


class Packet:
    """A packet of the batch at hand. It leaves with the batch, unless it is kept.

    Valid until the function that was handed it returns; `keep` makes it last.
    """

    __slots__ = ("_at", "_buffer", "_link", "input")

    def __init__(self, link: Link, buffer: bytearray, at: int, input: int) -> None:  # noqa: A002
        self._link = link
        self._buffer = buffer
        self._at = at
        self.input = input

    # ---- bytes

    @property
    def data(self) -> memoryview:
        """The packet's bytes, in place and writable."""
        _, slot, length, offset, _, _ = DESCRIPTOR.unpack_from(self._buffer, self._at)
        memory = self._link.memory
        if slot < memory.small_count and offset + length <= memory.small_stride:
            begin = slot * memory.small_stride + offset
            return memory.frames[begin : begin + length]
        begin, size = memory.slot(slot)
        if offset + length > size:
            raise ValueError(f"{length} bytes from offset {offset} leave a slot of {size} bytes")
        return memory.frames[begin + offset : begin + offset + length]

    def __len__(self) -> int:
        length: int = LENGTH.unpack_from(self._buffer, self._at + 8)[0]
        return length

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    @property
    def offset(self) -> int:
        """Where the packet begins in its slot, in bytes."""
        offset: int = OFFSET.unpack_from(self._buffer, self._at + 12)[0]
        return offset

    @property
    def headroom(self) -> int:
        """Bytes that `push` can add."""
        return self.offset - self._link.memory.welcome.reserved

    @property
    def tailroom(self) -> int:
        """Bytes that `put` can add."""
        slot: int = LENGTH.unpack_from(self._buffer, self._at + 4)[0]
        size = self._link.memory.slot(slot)[1]
        return min(size - self.offset, MAX_LENGTH) - len(self)

    def push(self, count: int) -> memoryview | None:
        """Adds `count` bytes in front and gives them (with old contents); None if there is no room."""
        if not 0 <= count <= self.headroom or len(self) + count > MAX_LENGTH:
            return None
        self._place(self.offset - count, len(self) + count)
        return self.data[:count]

    def pull(self, count: int) -> bool:
        """Removes `count` bytes in front; False, and nothing changed, if the packet is shorter."""
        if not 0 <= count <= len(self):
            return False
        self._place(self.offset + count, len(self) - count)
        return True

    def put(self, count: int) -> memoryview | None:
        """Adds `count` bytes at the end and gives them (with old contents); None if there is no room."""
        if not 0 <= count <= self.tailroom:
            return None
        length = len(self)
        self._place(self.offset, length + count)
        return self.data[length:]

    def trim(self, length: int) -> bool:
        """Cuts the packet to `length` bytes; False, and nothing changed, if it is shorter."""
        if not 0 <= length <= len(self):
            return False
        self._place(self.offset, length)
        return True

    def _place(self, offset: int, length: int) -> None:
        LENGTH.pack_into(self._buffer, self._at + 8, length)
        OFFSET.pack_into(self._buffer, self._at + 12, offset)

    # ---- where it goes

    @property
    def port(self) -> int:
        """The output it leaves by; 0 unless set. (`input` is the one it came in on.)"""
        return self._buffer[self._at + PORT]

    @port.setter
    def port(self, output: int) -> None:
        outputs = self._link.memory.welcome.outputs
        if not 0 <= output < outputs:
            raise ValueError(f"there is no output {output}; outputs: 0 to {outputs - 1}")
        self._buffer[self._at + PORT] = output
        self._buffer[self._at + FLAGS] &= ~DROP

    @property
    def dropped(self) -> bool:
        """Whether it is going to be dropped."""
        return bool(self._buffer[self._at + FLAGS] & DROP)

    def drop(self, reason: str | None = None) -> None:
        """Drops it, counted under a declared `reason` (see Component), or as `component`."""
        number = self._link.reason(reason)
        self._buffer[self._at + FLAGS] |= DROP
        self._buffer[self._at + PORT] = number

    def keep(self) -> OwnPacket:
        """Takes it out of the batch: it is the caller's, to be sent or dropped later."""
        if self._buffer[self._at + FLAGS] & VOID:
            raise ValueError("this packet has been kept already")
        kept = OwnPacket(self._link, self._buffer[self._at : self._at + 16], self.input)
        self._buffer[self._at + FLAGS] |= VOID
        self._link.voids += 1
        kept._held = True
        return kept

    def clone(self, headroom: int = 128) -> OwnPacket | None:
        """A new packet with the same bytes and metadata that stems from this one; None where there is
        no frame for it."""
        copy = self._link.new_packet(self.data, headroom, self)
        if copy is not None and self._buffer[self._at + FLAGS] & METADATA:
            copy._take(self, self.metadata)
        return copy

    # ---- what is known of it

    @property
    def index(self) -> int:
        """Its packet index, which tells it from others that the component has."""
        index: int = LENGTH.unpack_from(self._buffer, self._at)[0]
        return index

    def _record(self) -> int:
        return self._link.memory.record(self.index)

    def _tlvs(self) -> memoryview | None:
        return self._link.memory.tlvs(self.index)

    def _take(self, other: Packet, metadata: Metadata) -> None:
        """Takes on `metadata`, and the context headers of `other` with them."""
        metadata.write(self._link.memory.link, self._record())
        own, others = self._tlvs(), other._tlvs()
        if metadata.tlvs and own is not None and others is not None:
            own[: metadata.tlvs] = others[: metadata.tlvs]
        self._buffer[self._at + FLAGS] |= METADATA

    @property
    def metadata(self) -> Metadata:
        """All of its metadata, as they are now; all zero where it has none."""
        if not self._buffer[self._at + FLAGS] & METADATA:
            return Metadata()
        return Metadata.read(self._link.memory.link, self._record())

    def _change(self, **values: int | bytes) -> None:
        changed = self.metadata._replace(**values)  # type: ignore[arg-type]
        changed.write(self._link.memory.link, self._record())
        self._buffer[self._at + FLAGS] |= METADATA

    @property
    def mark(self) -> int:
        """Its mark, 32 bits, which travels with it through the function."""
        return self.metadata.mark

    @mark.setter
    def mark(self, value: int) -> None:
        if not 0 <= value < 1 << 32:
            raise ValueError(f"a mark is 0 to {(1 << 32) - 1}, not {value}")
        self._change(mark=value)

    @property
    def timestamp(self) -> int:
        """When it was received, in nanoseconds since 1970; 0 where that is not known."""
        return self.metadata.timestamp

    @property
    def nsh(self) -> Nsh | None:
        """Its network service header; None where it has none."""
        return Nsh(self) if self.metadata.nsh else None


class OwnPacket(Packet):
    """A packet of the caller's own: kept, cloned or new. `component.send` sends it.

    One that is forgotten unsent does not leak: a new one's frame is used again, a kept one is dropped.
    """

    __slots__ = ("_held", "_sent", "_stems")

    def __init__(self, link: Link, descriptor: bytearray, input: int) -> None:  # noqa: A002
        self._sent = False
        self._held = False  # it came from the engine as a packet
        self._stems = False  # its frame has a parent: it is nobody else's any more
        super().__init__(link, descriptor, 0, input)

    def keep(self) -> OwnPacket:
        """Itself: it is the caller's already."""
        return self

    def take(self) -> bytearray:
        """Its descriptor, to be returned to the engine. For the SDK."""
        if self._sent:
            raise ValueError("this packet has been sent already")
        self._sent = True
        return self._buffer

    def drop(self, reason: str | None = None) -> None:
        """Drops it now, counted under a declared `reason`, or as `component`."""
        super().drop(reason)
        self._link.send((self,))

    def __del__(self) -> None:
        if not self._sent:
            self._link.forget(self._buffer, held=self._held or self._stems)

    def stem(self, parent: Packet) -> None:
        """Lets it have the NSH, time and interface of `parent`. For the SDK."""
        if isinstance(parent, OwnPacket) and parent._sent:
            raise ValueError("this packet has been sent already: it can be no parent any more")
        self._stems = self._link.name_parent(self._buffer, parent.index)
        if parent.nsh is not None:
            self._take(parent, parent.metadata._replace(mark=0))
