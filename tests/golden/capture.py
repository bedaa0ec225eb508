"""Capture files in the classic pcap format, with times and link types."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LINK_TYPES", "Packet", "read_capture", "write_capture"]

LINK_TYPES = {"EN10MB": 1, "PPP": 9, "RAW": 101, "IEEE802_11": 105, "SLL": 113}
_MAGIC_US = 0xA1B2C3D4
_MAGIC_NS = 0xA1B23C4D


@dataclass(frozen=True)
class Packet:
    """A packet and its time in nanoseconds since 1970; `None` where the time does not matter."""

    data: bytes
    time_ns: int | None = None


def write_capture(path: Path, packets: Sequence[Packet], link_type: str) -> None:
    """Write packets; those without a time come at second 1, 2, ..."""
    parts = [struct.pack("<IHHiIII", _MAGIC_NS, 2, 4, 0, 0, 65535, LINK_TYPES[link_type])]
    for number, packet in enumerate(packets, start=1):
        time_ns = number * 10**9 if packet.time_ns is None else packet.time_ns
        length = len(packet.data)
        parts.append(struct.pack("<IIII", *divmod(time_ns, 10**9), length, length))
        parts.append(packet.data)
    path.write_bytes(b"".join(parts))


def read_capture(path: Path) -> list[Packet]:
    """The packets of a capture in either byte order and resolution."""
    data = path.read_bytes()
    order = "<" if data[:4] in (struct.pack("<I", _MAGIC_US), struct.pack("<I", _MAGIC_NS)) else ">"
    magic = struct.unpack_from(f"{order}I", data)[0]
    assert magic in (_MAGIC_US, _MAGIC_NS), f"{path.name} is no capture: {data[:4].hex()}"
    unit_ns = 1 if magic == _MAGIC_NS else 1000
    packets, at = [], 24
    while at < len(data):
        seconds, fraction, length, _ = struct.unpack_from(f"{order}IIII", data, at)
        body = data[at + 16 : at + 16 + length]
        assert len(body) == length, f"{path.name} is cut off"
        packets.append(Packet(body, seconds * 10**9 + fraction * unit_ns))
        at += 16 + length
    return packets
