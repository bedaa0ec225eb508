"""One packet on its way through the chain: what its Network Service Header is after each hop."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.chain.cables import Sight

__all__ = ["Hop", "hops_of"]

_ETHERNET_BYTES, _CONTEXT_AT = 14, 8
_NSH = 0x894F


class Hop(NamedTuple):
    """Who sent the packet to whom, and what its header was then; no path where it had none."""

    sender: str
    receiver: str
    spi: int = 0
    si: int = 0
    ttl: int = 0
    context: str = ""

    @property
    def row(self) -> tuple[str, ...]:
        """As a row of a table."""
        header = ("-", "-", "-", "no header")
        if self.spi:
            header = (str(self.spi), str(self.si), str(self.ttl), self.context)
        return (self.sender, self.receiver, *header)


def hops_of(inner: bytes, sights: Iterable[Sight]) -> list[Hop]:
    """Where the frame `inner` was seen, with a header or without."""
    return [_hop(sight) for sight in sights if sight.frame.endswith(inner)]


def _hop(sight: Sight) -> Hop:
    [kind] = struct.unpack_from("!H", sight.frame, _ETHERNET_BYTES - 2)
    if kind != _NSH:
        return Hop(sight.sender, sight.receiver)
    header = sight.frame[_ETHERNET_BYTES:]
    first, path = struct.unpack_from("!HxxI", header)
    context = header[_CONTEXT_AT : (first & 0x3F) * 4].hex()
    return Hop(sight.sender, sight.receiver, path >> 8, path & 0xFF, first >> 6 & 0x3F, context)
