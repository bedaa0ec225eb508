"""An attachment: memory, rings and spare frames, and how packets come and go."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from weft.component.batch import Views
from weft.component.errors import ProtocolError
from weft.component.memory import Memory
from weft.component.packet import FLAGS, MAX_LENGTH, VOID, OwnPacket
from weft.component.protocol import DESCRIPTOR, DROP, PARENT, SPARE, Welcome
from weft.component.ring import Rings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weft.component.batch import Batch, Octets
    from weft.component.packet import Packet

__all__ = ["Link"]


class Link:
    """What one attachment holds. Made from a WELCOME and its four files, which it closes or keeps."""

    def __init__(
        self, welcome: Welcome, descriptors: list[int], reasons: Mapping[str, int]
    ) -> None:
        link, frames, self.wake_in, self.wake_out = descriptors
        try:
            self.memory = Memory(welcome, link, frames)
        except (OSError, ProtocolError, ValueError):
            os.close(self.wake_in)
            os.close(self.wake_out)
            raise
        finally:
            os.close(link)
            os.close(frames)
        self.rings = Rings(self.memory)
        self.views = Views(self)
        self.reasons = reasons
        self.alive = True
        self.count = 0  # packets of the batch at hand
        self.in_batch = False
        self.position = 0  # packet of the batch that a loop stands at
        self.voids = 0  # packets taken out of the batch
        self._many_inputs = welcome.inputs > 1
        self._ports = self.views.records["port"]
        self._small: list[bytes] = []
        self._large: list[bytes] = []
        self._inserted: list[tuple[int, bytes]] = []
        self._orphans: list[bytes] = []

    # ---- batches

    def receive(self) -> Batch | None:
        """The next batch, from here on `in_batch`; None if there is none (yet)."""
        rings = self.rings
        count = rings.receive()
        if not count:
            return None
        flags = rings.buffer[15 : 16 * count : 16]
        if SPARE in flags or SPARE | 1 in flags:
            count = self._stash(count)
            if not count:
                return None
        if self._many_inputs:
            self.views.inputs[:count] = self._ports[:count]
            self._ports[:count] = 0
        self.count = count
        self.position = 0
        self.in_batch = True
        return self.views.batch(count)

    def give_back(self) -> None:
        """Returns the batch at hand, with what was sent in between."""
        self.in_batch = False
        count, descriptors = self.count, self.rings.view
        if self._inserted or self.voids or self._orphans:
            merged = self._merged(count)
            count, descriptors = len(merged) // 16, memoryview(merged)
            if not count:
                return
        if self.rings.give(descriptors, count):
            os.eventfd_write(self.wake_out, 1)

    def _stash(self, count: int) -> int:
        """Puts the spares of the buffer aside; how many packets are left."""
        buffer, left = self.rings.buffer, bytearray()
        for at in range(0, 16 * count, 16):
            if not buffer[at + FLAGS] & SPARE:
                left += buffer[at : at + 16]
                continue
            self._put_aside(bytes(buffer[at : at + 16]))
        self.rings.view[: len(left)] = left
        return len(left) // 16

    def _put_aside(self, descriptor: bytes) -> None:
        slot = DESCRIPTOR.unpack(descriptor)[1]
        small = slot < self.memory.welcome.small_count
        (self._small if small else self._large).append(descriptor)

    def _merged(self, count: int) -> bytearray:
        """The batch without the packets kept, with those sent meanwhile where they belong."""
        merged, at, buffer = bytearray(), 0, self.rings.buffer
        self._inserted.sort(key=lambda entry: entry[0])
        for position, descriptor in [*self._inserted, (count, b"".join(self._drain_orphans()))]:
            for entry in range(at, 16 * position, 16):
                if not buffer[entry + FLAGS] & VOID:
                    merged += buffer[entry : entry + 16]
            merged += descriptor
            at = 16 * position
        self._inserted.clear()
        self.voids = 0
        return merged

    # ---- packets of the component's own

    def new_packet(
        self, data: Octets, headroom: int, parent: Packet | None = None
    ) -> OwnPacket | None:
        """A packet with these bytes in a spare frame that stems from `parent`; None where there is none
        that is large enough."""
        octets = memoryview(cast("bytes", data)).cast("B")  # an array has a buffer too
        welcome = self.memory.welcome
        length, offset = len(octets), welcome.reserved + headroom
        if length > MAX_LENGTH or not 0 <= headroom < 65536 - welcome.reserved:
            raise ValueError(
                f"a packet of {length} bytes behind {headroom}; at most {MAX_LENGTH} and 65519 are allowed"
            )
        for spares, stride in (
            (self._small, welcome.small_stride),
            (self._large, welcome.large_stride),
        ):
            if spares and offset + length <= stride and self.alive:
                index, slot = DESCRIPTOR.unpack(spares.pop())[:2]
                begin = self.memory.slot(slot)[0] + offset
                self.memory.frames[begin : begin + length] = octets
                descriptor = bytearray(DESCRIPTOR.pack(index, slot, length, offset, 0, 0))
                made = OwnPacket(self, descriptor, 0)
                if parent is not None and parent._link is self:
                    made.stem(parent)
                return made
        return None

    def name_parent(self, descriptor: bytearray, parent: int) -> bool:
        """Tells the engine that a spare stems from a packet index; False where it knows no parents.

        It reads that before anything that is returned from here on, so that either may leave first.
        """
        if not self.memory.welcome.has_nsh:
            return False
        index, slot = DESCRIPTOR.unpack(descriptor)[:2]
        self.rings.put(DESCRIPTOR.pack(index, slot, parent, 0, 0, PARENT))
        return True

    def send(self, packets: Iterable[Packet | None]) -> int:
        """Sends packets of the component's own: into the batch at hand, or at once; how many."""
        out = []
        for packet in packets:
            if packet is None:
                continue
            if not isinstance(packet, OwnPacket):
                raise TypeError(
                    "a packet of the batch leaves with it; send what keep() or clone() gives"
                )
            descriptor = bytes(packet.take())
            if packet._link is self and self.alive:  # not one from before the engine was lost
                out.append(descriptor)
        if self.in_batch:
            self._inserted += [(self.position, descriptor) for descriptor in out]
        else:
            self._give(out)
        return len(out)

    def forget(self, descriptor: bytearray, *, held: bool) -> None:
        """A packet of the component's own was never sent: its frame is used again, or it is dropped."""
        if not self.alive:
            return
        if held:
            descriptor[FLAGS] |= DROP
            descriptor[FLAGS - 1] = 0
            self._orphans.append(bytes(descriptor))
        else:
            self._put_aside(bytes(descriptor))

    def flush(self) -> None:
        """Returns what was forgotten, between batches."""
        if self._orphans:
            self._give(self._drain_orphans())

    def _drain_orphans(self) -> list[bytes]:
        orphans, self._orphans = self._orphans, []
        return orphans

    def _give(self, descriptors: list[bytes]) -> None:
        if descriptors and self.rings.give(memoryview(b"".join(descriptors)), len(descriptors)):
            os.eventfd_write(self.wake_out, 1)

    def reason(self, name: str | None) -> int:
        """The number of a declared reason; raises ValueError naming those there are."""
        if name is None:
            return 0
        number = self.reasons.get(name)
        if number is None:
            declared = ", ".join(self.reasons) or "none"
            raise ValueError(
                f"reason '{name}' is not declared; declared: {declared}; "
                f"declare it with Component(reasons=['{name}'])"
            )
        return number

    def close(self) -> None:
        """Ends it. The memory goes when nobody looks at it any more."""
        if self.alive:
            self.alive = False
            os.close(self.wake_in)
            os.close(self.wake_out)
