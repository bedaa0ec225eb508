"""Network Service Headers (RFC 8300), byte by byte."""

from __future__ import annotations

import struct
from typing import NamedTuple

from tests.support.frames import ethernet

__all__ = ["ETHER_TYPE", "Seen", "in_ethernet", "nsh", "seen"]

ETHER_TYPE = 0x894F
ETHERNET, IPV4 = 3, 1


def nsh(
    path: tuple[int, int],
    payload: bytes,
    next_protocol: int = ETHERNET,
    context: bytes = bytes(16),
    ttl: int = 63,
    oam: bool = False,
) -> bytes:
    """A header of MD type 1 in front of a payload; `path` is its identifier (SPI) and index (SI)."""
    first = oam << 13 | ttl << 6 | 6
    return struct.pack("!HBBI", first, 1, next_protocol, path[0] << 8 | path[1]) + context + payload


def in_ethernet(target: str, source: str, header: bytes) -> bytes:
    """A header right over Ethernet."""
    return ethernet(target, source, ETHER_TYPE, header)


class Seen(NamedTuple):
    """What a frame with a header right over Ethernet says."""

    spi: int
    si: int
    ttl: int
    next_protocol: int
    context: str
    payload: bytes


def seen(frame: bytes) -> Seen:
    """Read a frame; the context in hexadecimal digits."""
    kind, first, _, next_protocol, path = struct.unpack_from("!HHBBI", frame, 12)
    assert kind == ETHER_TYPE, frame.hex()
    end = 14 + (first & 0x3F) * 4
    ttl = first >> 6 & 0x3F
    return Seen(path >> 8, path & 0xFF, ttl, next_protocol, frame[22:end].hex(), frame[end:])
