"""A batch of packets, as NumPy arrays and packet by packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from weft.component.packet import VOID, Packet
from weft.component.protocol import DROP, METADATA
from weft.component.ring import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from weft.component.link import Link
    from weft.component.packet import OwnPacket

__all__ = ["Batch", "Octets", "Views"]

Octets: TypeAlias = "bytes | bytearray | memoryview | NDArray[np.uint8]"

RECORD = np.dtype(
    [
        *(("packet", "<u4"), ("slot", "<u4"), ("length", "<u4")),
        *(("offset", "<u2"), ("port", "u1"), ("flags", "u1")),
    ]
)


class Views:
    """The arrays over the ring's buffer that batches of all sizes are cut from."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.records = np.frombuffer(link.rings.buffer, RECORD)
        self.inputs = np.zeros(BATCH, np.uint8)
        self._batches: list[Batch | None] = [None] * (BATCH + 1)

    def batch(self, count: int) -> Batch:
        """The batch of the first `count` descriptors; made once for each size."""
        found = self._batches[count]
        if found is None:
            found = self._batches[count] = Batch(self, count)
        found._bases = None
        return found


class Batch:
    """At most 256 packets at once. Valid until the function that was handed it returns.

    All arrays have one entry per packet, in order of arrival:
    `slots`    uint32, row of `pool` the packet lies in (from `len(pool)` on: of `large`); read only
    `offsets`  uint16, where it begins in its row, in bytes, at least 16; writable
    `lengths`  uint32, bytes; writable
    `ports`    uint8, output it leaves by, 0 unless set; writable
    `inputs`   uint8, input it came in on; read only
    `flags`    uint8, the contract's flags (1 metadata, 4 drop); writable
    and, of all packets there are in the function, without a copy and writable:
    `pool`     uint8 (slots, bytes of a slot)
    `large`    uint8 (large slots, bytes of a large slot)
    What is written to offsets, lengths and ports is checked by the engine, which ends the component
    if a packet leaves its slot or an output does not exist.
    """

    __slots__ = (
        *("_bases", "_indices", "_link"),
        *("flags", "inputs", "large", "lengths", "offsets", "pool", "ports", "slots"),
    )

    def __init__(self, views: Views, count: int) -> None:
        records = views.records[:count]
        self._link = views.link
        self._bases: NDArray[np.int64] | None = None
        self._indices: NDArray[np.uint32] = records["packet"]
        self.slots: NDArray[np.uint32] = records["slot"]
        self.offsets: NDArray[np.uint16] = records["offset"]
        self.lengths: NDArray[np.uint32] = records["length"]
        self.ports: NDArray[np.uint8] = records["port"]
        self.flags: NDArray[np.uint8] = records["flags"]
        self.inputs: NDArray[np.uint8] = views.inputs[:count]
        self.pool = views.link.memory.pool
        self.large = views.link.memory.large
        for fixed in (self.slots, self.inputs):
            fixed.setflags(write=False)

    def __len__(self) -> int:
        return len(self.slots)

    # ---- bytes of all packets

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each packet begins in `flat`, all bytes of all frames; (packets,) int64."""
        bases = self._bases
        if bases is None:
            bases = self._bases = self._link.memory.bases.take(self.slots, mode="clip")
        return bases + self.offsets

    @property
    def flat(self) -> NDArray[np.uint8]:
        """All bytes of all frames as one array, without a copy; writable."""
        return self._link.memory.flat

    def column(self, index: int) -> NDArray[np.uint8]:
        """Byte `index` of each packet, by copy; 0 where a packet is shorter. (packets,) uint8."""
        if index < 0:
            raise ValueError(f"a column is counted from 0, not {index}")
        values = self.flat.take(self.starts + index, mode="clip")
        values *= self.lengths > index
        return values

    def columns(self, start: int, stop: int) -> NDArray[np.uint8]:
        """Bytes `start` to `stop` of each packet, by copy; 0 beyond its end. (packets, width) uint8."""
        if not 0 <= start <= stop:
            raise ValueError(f"columns from {start} to {stop}: 0 <= start <= stop is needed")
        which = np.arange(start, stop)
        values = self.flat.take(self.starts[:, None] + which, mode="clip")
        values *= which < self.lengths[:, None]
        return values

    # ---- where they go

    def drop(self, mask: NDArray[Any], reason: str | None = None) -> None:
        """Drops the packets of `mask` (bool, or indices) for a declared `reason`, or as `component`."""
        number = self._link.reason(reason)
        self.flags[mask] |= DROP
        self.ports[mask] = number

    def keep(self, mask: NDArray[Any]) -> list[OwnPacket]:
        """Takes the packets of `mask` (bool, or indices) out of the batch; they are the caller's."""
        return [self[int(i)].keep() for i in np.arange(len(self))[mask]]

    # ---- what is known of them

    @property
    def marks(self) -> NDArray[np.uint32]:
        """The mark of each packet, by copy; 0 where it has none. (packets,) uint32."""
        return np.array([packet.mark for packet in self._packets()], np.uint32)

    @marks.setter
    def marks(self, values: NDArray[np.uint32]) -> None:
        for packet, value in zip(self._packets(), values, strict=True):
            packet.mark = int(value)

    @property
    def spis(self) -> NDArray[np.uint32]:
        """The NSH service path identifier of each packet, by copy; 0: no NSH. (packets,) uint32."""
        return self._known("spi")

    @spis.setter
    def spis(self, values: NDArray[np.uint32]) -> None:
        self._tell("spi", values, (1 << 24) - 1)

    @property
    def sis(self) -> NDArray[np.uint8]:
        """The NSH service index of each packet, by copy; 0: no NSH. (packets,) uint8."""
        return self._known("si")

    @sis.setter
    def sis(self, values: NDArray[np.uint8]) -> None:
        self._tell("si", values, 255)

    @property
    def contexts(self) -> NDArray[np.uint8]:
        """The NSH context of each packet, by copy; 0 where it has none. (packets, 16) uint8."""
        return self._known("context")

    @contexts.setter
    def contexts(self, values: NDArray[np.uint8]) -> None:
        self._tell("context", values, 255)

    def _known(self, name: str) -> NDArray[Any]:
        values = self._link.memory.records[name][self._indices]
        values[self.flags & METADATA == 0] = 0
        return values

    def _tell(self, name: str, values: NDArray[Any], most: int) -> None:
        """Writes what packets that have an NSH are to have in it; others are left alone."""
        values = np.asarray(values)
        if values.size and not 0 <= values.min() <= values.max() <= most:
            raise ValueError(f"{name} is 0 to {most}, not {values.min()} to {values.max()}")
        records = self._link.memory.records
        column = records[name]
        has_nsh = (self.flags & METADATA != 0) & (records["nsh"][self._indices] != 0)
        every = np.broadcast_to(values, (len(self), *column.shape[1:]))
        column[self._indices[has_nsh]] = every[has_nsh]

    # ---- packet by packet

    def __getitem__(self, index: int) -> Packet:
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"packet {index} of a batch of {count}")
        index %= count
        return Packet(
            self._link, self._link.rings.buffer, 16 * index, self._link.views.inputs.item(index)
        )

    def _packets(self) -> Iterator[Packet]:
        link = self._link
        buffer = link.rings.buffer
        for index, came_in in enumerate(self.inputs.tolist()):
            yield Packet(link, buffer, 16 * index, came_in)

    def __iter__(self) -> Iterator[Packet]:
        """Packet by packet; what is sent meanwhile leaves just before the packet the loop stands at."""
        link = self._link
        for index, packet in enumerate(self._packets()):
            if packet._buffer[packet._at + 15] & VOID:
                continue
            link.position = index
            yield packet
        link.position = 0
