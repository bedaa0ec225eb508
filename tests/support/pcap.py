"""Capture files in the classic pcap format."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["read_pcap", "write_pcap"]

_ETHERNET = 1


def write_pcap(path: Path, frames: Iterable[bytes], gap_us: int = 1) -> Path:
    """Write frames, so many microseconds apart."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _ETHERNET))
        for number, frame in enumerate(frames):
            seconds, microseconds = divmod(number * gap_us, 1_000_000)
            lengths = (len(frame), len(frame))
            file.write(struct.pack("<IIII", 1 + seconds, microseconds, *lengths) + frame)
    return path


def read_pcap(path: Path) -> list[bytes]:
    """The frames of a capture in either byte order."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    frames, at = [], 24
    while at < len(data):
        length = struct.unpack_from(f"{order}I", data, at + 8)[0]
        frames.append(data[at + 16 : at + 16 + length])
        at += 16 + length
    assert at == len(data), "a capture that is cut off"
    return frames
