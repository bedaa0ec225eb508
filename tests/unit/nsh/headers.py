"""Headers of all sorts, as values, as arguments of elements and as bytes."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.frames import ethernet
from tests.support.nsh import FRAME, INNER, nsh, tlv

if TYPE_CHECKING:
    from typing import Any

__all__ = ["INSIDE", "NESTED", "Header", "all_sorts", "frame_inside"]

_MOST_METADATA = 244
_SEED = 8300
Tlv = tuple[int, int, bytes]
_CHOSEN = 250


@dataclass(frozen=True)
class Header:
    """The fields of a header that a sender chooses; with TLVs, or else a context."""

    spi: int
    si: int
    ttl: int
    oam: bool
    next_protocol: int
    context: bytes | None
    tlvs: tuple[Tlv, ...] = ()

    @property
    def metadata(self) -> bytes:
        """Its metadata as bytes."""
        if self.context is not None:
            return self.context
        return b"".join(tlv((kind, number), value) for kind, number, value in self.tlvs)

    def encoded(self) -> bytes:
        """Its bytes."""
        return nsh(
            self.spi,
            self.si,
            ttl=self.ttl,
            md_type=2 if self.context is None else 1,
            next_protocol=self.next_protocol,
            metadata=self.metadata,
            oam=self.oam,
        )

    def encap(self) -> str:
        """The NSHEncap that writes it."""
        next_word = {0: "none", 1: "ip", 2: "ip", 3: "ethernet", 4: "nsh", 5: "mpls"}
        words = [str(self.spi), str(self.si), f"TTL {self.ttl}", f"OAM {str(self.oam).lower()}"]
        words += [f"NEXT {next_word[self.next_protocol]}", *self._metadata_arguments()]
        return f"NSHEncap({', '.join([*words, f'MD {1 if self.context else 2}'])})"

    def classifier(self) -> str | None:
        """The NSHClassifier that writes it, if one can."""
        if self.oam or not self.next_protocol or not (self.context or self.tlvs):
            return None
        words = [f"SPI {self.spi}", f"SI {self.si}", f"TTL {self.ttl}", *self._metadata_arguments()]
        inside = "ethernet" if self.next_protocol == 3 else "ip"
        return f"NSHClassifier(- => {' '.join(words)}, NEXT {inside})"

    def _metadata_arguments(self) -> list[str]:
        if self.context is not None:
            return [f"CONTEXT {self.context.hex()}"]
        return [f"TLV {kind}:{number}:{value.hex()}" for kind, number, value in self.tlvs]


NESTED = Header(7, 9, 63, False, 1, bytes(range(16)))
_IPV6 = bytes.fromhex("6000000000083b40") + bytes(15) + b"\1" + bytes(15) + b"\2" + bytes(8)
# What follows a header of each next protocol.
INSIDE = {
    0: b"",
    1: INNER,
    2: _IPV6,
    3: FRAME,
    4: NESTED.encoded() + INNER,
    5: bytes.fromhex("00064140") + INNER,
}
_TYPES = {1: 0x0800, 2: 0x86DD, 4: 0x894F, 5: 0x8847}


def frame_inside(next_protocol: int) -> bytes:
    """The frame of which a classifier makes a packet of this next protocol."""
    if next_protocol == 3:
        return FRAME
    link = ("02:00:00:00:00:0b", "02:00:00:00:00:0a")
    return ethernet(*link, _TYPES[next_protocol], INSIDE[next_protocol])


def all_sorts() -> list[Header]:
    """Headers with every length of a context header, every length of a header, every bit of every
    field, every next protocol in every form; the rest chosen at random, the same ones each time."""
    chance = random.Random(_SEED)
    chosen = [_any(chance, tlvs=(_tlv(chance, length),)) for length in range(128)]
    chosen += [
        _any(chance, tlvs=_filled(chance, words)) for words in range(_MOST_METADATA // 4 + 1)
    ]
    chosen += [_any(chance, spi=1 << bit, context=bytes(16)) for bit in range(24)]
    chosen += [_any(chance, si=1 << bit) for bit in range(8)]
    chosen += [_any(chance, ttl=ttl) for ttl in (0, 1, 2, 4, 8, 16, 32, 63)]
    chosen += [
        _any(chance, next_protocol=protocol, oam=oam, **{form: value})
        for protocol in INSIDE
        for oam in (False, True)
        for form, value in (("context", b"\xff" * 16), ("tlvs", ()), ("tlvs", _filled(chance, 61)))
    ]
    return chosen + [_any(chance) for _ in range(_CHOSEN)]


def _any(chance: random.Random, **fixed: Any) -> Header:
    """A header with some fields fixed; numbers at the ends of their ranges come often."""

    def number(most: int) -> int:
        return chance.choice([0, 1, most, chance.randint(0, most), chance.randint(0, most)])

    fields: dict[str, Any] = {
        "spi": number(0xFFFFFF),
        "si": number(255),
        "ttl": number(63),
        "oam": chance.random() < 0.2,
        "next_protocol": chance.choice(list(INSIDE)),
        "context": None,
    }
    if not fixed.keys() & {"context", "tlvs"}:
        if chance.random() < 0.5:
            fields["context"] = chance.randbytes(16)
        else:
            fields["tlvs"] = _filled(chance, chance.randint(0, _MOST_METADATA // 4))
    return Header(**{**fields, **fixed})


def _tlv(chance: random.Random, length: int) -> Tlv:
    return chance.randint(0, 0xFFFF), chance.randint(0, 255), chance.randbytes(length)


def _filled(chance: random.Random, words: int) -> tuple[Tlv, ...]:
    """Context headers that have so many words together."""
    tlvs = []
    while words:
        length = chance.randint(0, min(4 * words - 4, 127))
        tlvs.append(_tlv(chance, length))
        words -= 1 + -(-length // 4)
    return tuple(tlvs)
