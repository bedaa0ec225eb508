"""The two shared memories of an attachment, mapped, and views of them."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

import numpy as np

from weft.component.errors import ProtocolError
from weft.component.protocol import MAGIC, MOST_TLVS, RECORD, TLVS, Welcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Memory"]

KNOWN = np.dtype(
    {
        "names": ["mark", "spi", "si", "nsh", "context"],
        "formats": ["<u4", "<u4", "u1", "u1", ("u1", 16)],
        "offsets": [0, 4, 8, 9, 24],
        "itemsize": RECORD.size,
    }
)


def _mapped(what: str, descriptor: int, size: int) -> memoryview:
    # A mapping beyond the file's end would be a SIGBUS at the first touch.
    there = os.fstat(descriptor).st_size
    if there < size or size == 0:
        raise ProtocolError(f"the {what} memory has {there} bytes, the engine spoke of {size}")
    return memoryview(mmap.mmap(descriptor, size))


class Memory:
    """Frames and link memory. Unmapped when the last view of it is gone.

    `pool` is (small slots, stride) uint8, `large` (large slots, stride) uint8, `flat` all bytes of
    the frames, `bases` where each slot begins in `flat`, `records` the metadata records; all without
    a copy.
    """

    def __init__(self, welcome: Welcome, link: int, frames: int) -> None:
        self.welcome = welcome
        self.link = _mapped("link", link, welcome.link_bytes)
        self.frames = _mapped("frames", frames, welcome.frames_bytes)
        if self.link[:8] != MAGIC:
            raise ProtocolError("the link memory does not begin with weftcmp1")
        self.records: NDArray[np.void] = np.frombuffer(
            self.link, KNOWN, welcome.packets, welcome.metadata
        )
        self.flat: NDArray[np.uint8] = np.frombuffer(self.frames, np.uint8)
        small, large = welcome.small_count, welcome.large_count
        self.small_count, self.small_stride = small, welcome.small_stride
        self.pool: NDArray[np.uint8] = self.flat[: small * welcome.small_stride].reshape(
            small, welcome.small_stride
        )
        large_end = welcome.large_base + large * welcome.large_stride if large else 0
        self.large: NDArray[np.uint8] = self.flat[
            welcome.large_base if large else 0 : large_end
        ].reshape(large, welcome.large_stride)
        self.bases: NDArray[np.int64] = np.concatenate(
            (
                np.arange(small, dtype=np.int64) * welcome.small_stride,
                np.arange(large, dtype=np.int64) * welcome.large_stride + welcome.large_base,
            )
        )

    def slot(self, number: int) -> tuple[int, int]:
        """Where slot `number` begins in the frames memory, and its length, in bytes."""
        welcome = self.welcome
        if number < welcome.small_count:
            return number * welcome.small_stride, welcome.small_stride
        number -= welcome.small_count
        if number >= welcome.large_count:
            raise ProtocolError(f"slot {number + welcome.small_count} does not exist")
        return welcome.large_base + number * welcome.large_stride, welcome.large_stride

    def record(self, packet: int) -> int:
        """Where the metadata record of packet index `packet` begins in the link memory."""
        if packet >= self.welcome.packets:
            raise ProtocolError(f"packet index {packet} does not exist")
        return self.welcome.metadata + RECORD.size * packet

    def tlvs(self, packet: int) -> memoryview | None:
        """Where context headers of packet index `packet` lie; None where the engine tells of none."""
        if not self.welcome.has_nsh or packet >= self.welcome.packets:
            return None
        begin = self.welcome.tlvs + TLVS * packet
        return self.link[begin : begin + MOST_TLVS]
