"""A capture file without packets: the device that gives nothing."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["EMPTY_CAPTURE", "empty_capture"]

_SNAPSHOT_BYTES = 65535
_ETHERNET = 1

EMPTY_CAPTURE = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPSHOT_BYTES, _ETHERNET)
"""The header of a classic pcap file, and nothing after it."""


@contextlib.contextmanager
def empty_capture() -> Iterator[tuple[str, int]]:
    """A path to an empty capture, for programs that are given the descriptor too."""
    descriptor = os.memfd_create("weft-empty-capture")
    try:
        os.write(descriptor, EMPTY_CAPTURE)
        yield f"/proc/self/fd/{descriptor}", descriptor
    finally:
        os.close(descriptor)
