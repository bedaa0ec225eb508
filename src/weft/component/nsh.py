"""The network service header of a packet, and the context headers in it (RFC 8300)."""

from __future__ import annotations

from collections.abc import Iterable, MutableSequence
from typing import TYPE_CHECKING, NamedTuple, overload

from weft.component.protocol import MOST_TLVS

if TYPE_CHECKING:
    from weft.component.packet import Packet

__all__ = ["Nsh", "Tlv", "Tlvs"]

VARIABLE = 2  # the MD type that has context headers
HEAD = 4  # bytes of a context header before its value
MOST_VALUE = 127


class Tlv(NamedTuple):
    """A context header of MD type 2 (RFC 8300, section 2.5.1): class, type and value."""

    class_: int
    type: int
    value: bytes = b""
    unassigned: bool = False  # the bit of that name

    def encode(self) -> bytes:
        """Its bytes in the header, padded to whole words; raises ValueError where it cannot be."""
        for what, number, most in (
            ("the class of a context header", self.class_, 0xFFFF),
            ("the type of a context header", self.type, 0xFF),
            ("the length of a context header's value", len(self.value), MOST_VALUE),
        ):
            if not 0 <= number <= most:
                raise ValueError(f"{what} is 0 to {most}, not {number}")
        length = len(self.value)
        head = bytes(
            [self.class_ >> 8, self.class_ & 0xFF, self.type, self.unassigned << 7 | length]
        )
        return head + self.value + bytes(-length % 4)


def decoded(data: bytes) -> list[Tlv]:
    """The context headers that `data` begins with, up to the first that is not wholly there."""
    found, at = [], 0
    while len(data) - at >= HEAD:
        length = data[at + 3] & 0x7F
        end = at + HEAD + length + -length % 4
        if end > len(data):
            break
        value = data[at + HEAD : at + HEAD + length]
        found.append(Tlv(data[at] << 8 | data[at + 1], data[at + 2], value, data[at + 3] >= 0x80))
        at = end
    return found


class Tlvs(MutableSequence[Tlv]):
    """The context headers of a packet's NSH of MD type 2: a list that is read and changed in place.

    Empty for other types. A change raises ValueError where they would be more than 244 bytes, or the
    header is of another type.
    """

    def __init__(self, packet: Packet) -> None:
        self._packet = packet

    # ---- by class and type

    def find(self, class_: int, type: int) -> bytes | None:  # noqa: A002
        """The value of the first of that class and type; None where there is none."""
        return next((tlv.value for tlv in self if tlv[:2] == (class_, type)), None)

    def set(self, class_: int, type: int, value: bytes) -> None:  # noqa: A002
        """Gives the first of that class and type another value, or appends it."""
        tlvs = list(self)
        for at, tlv in enumerate(tlvs):
            if tlv[:2] == (class_, type):
                tlvs[at] = tlv._replace(value=bytes(value))
                break
        else:
            tlvs.append(Tlv(class_, type, bytes(value)))
        self._write(tlvs)

    def discard(self, class_: int, type: int) -> int:  # noqa: A002
        """Removes all of that class and type; how many there were."""
        tlvs = list(self)
        left = [tlv for tlv in tlvs if tlv[:2] != (class_, type)]
        if len(left) < len(tlvs):
            self._write(left)
        return len(tlvs) - len(left)

    # ---- all of them

    @property
    def data(self) -> bytes:
        """All of them as they stand in the header.

        What is set is not looked into: the engine drops the packet as `nsh-tlv` where it is no context
        headers from end to end.
        """
        metadata, table = self._packet.metadata, self._packet._tlvs()
        if metadata.nsh != VARIABLE or table is None:
            return b""
        return bytes(table[: min(metadata.tlvs, MOST_TLVS)])

    @data.setter
    def data(self, data: bytes) -> None:
        table, kind = self._packet._tlvs(), self._packet.metadata.nsh
        if kind != VARIABLE:
            raise ValueError(f"an NSH of MD type 2 has context headers, not one of type {kind}")
        if table is None:
            raise ValueError("this engine does not tell of context headers")
        if len(data) > MOST_TLVS:
            raise ValueError(
                f"{len(data)} bytes of context headers; at most {MOST_TLVS} are possible"
            )
        table[: len(data)] = data
        self._packet._change(tlvs=len(data))

    def _write(self, tlvs: Iterable[Tlv]) -> None:
        self.data = b"".join(tlv.encode() for tlv in tlvs)

    # ---- as a list

    def __len__(self) -> int:
        return len(decoded(self.data))

    @overload
    def __getitem__(self, index: int) -> Tlv: ...
    @overload
    def __getitem__(self, index: slice) -> list[Tlv]: ...
    def __getitem__(self, index: int | slice) -> Tlv | list[Tlv]:
        return decoded(self.data)[index]

    @overload
    def __setitem__(self, index: int, value: Tlv) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[Tlv]) -> None: ...
    def __setitem__(self, index: int | slice, value: Tlv | Iterable[Tlv]) -> None:
        tlvs = decoded(self.data)
        tlvs[index] = value  # type: ignore[index,assignment]
        self._write(tlvs)

    def __delitem__(self, index: int | slice) -> None:
        tlvs = decoded(self.data)
        del tlvs[index]
        self._write(tlvs)

    def insert(self, index: int, value: Tlv) -> None:
        """Puts one before that of number `index`."""
        tlvs = decoded(self.data)
        tlvs.insert(index, value)
        self._write(tlvs)

    def __eq__(self, other: object) -> bool:
        return list(self) == other if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


class Nsh:
    """The network service header of a packet (RFC 8300): to read, and to change in place."""

    __slots__ = ("_packet",)

    def __init__(self, packet: Packet) -> None:
        self._packet = packet

    @property
    def type(self) -> int:
        """Its MD type: 1, 2, or 15 (of experiments)."""
        return self._packet.metadata.nsh

    @property
    def ttl(self) -> int:
        """Its TTL, 0 to 63."""
        return self._packet.metadata.ttl

    @property
    def oam(self) -> bool:
        """Whether it is of an OAM packet."""
        return bool(self._packet.metadata.oam)

    @property
    def next_protocol(self) -> int:
        """What followed it: 1 IPv4, 2 IPv6, 3 Ethernet, or another number of RFC 8300, section 11.2.5."""
        return self._packet.metadata.next_protocol

    @property
    def spi(self) -> int:
        """The service path identifier, 24 bits."""
        return self._packet.metadata.spi

    @spi.setter
    def spi(self, value: int) -> None:
        if not 0 <= value < 1 << 24:
            raise ValueError(f"a service path identifier is 0 to {(1 << 24) - 1}, not {value}")
        self._packet._change(spi=value)

    @property
    def si(self) -> int:
        """The service index, 8 bits."""
        return self._packet.metadata.si

    @si.setter
    def si(self, value: int) -> None:
        if not 0 <= value < 256:
            raise ValueError(f"a service index is 0 to 255, not {value}")
        self._packet._change(si=value)

    @property
    def context(self) -> bytes:
        """The 16 bytes of context of MD type 1."""
        return self._packet.metadata.context

    @context.setter
    def context(self, value: bytes) -> None:
        if len(value) != 16:
            raise ValueError(f"an NSH context has 16 bytes, not {len(value)}")
        self._packet._change(context=bytes(value))

    @property
    def tlvs(self) -> Tlvs:
        """The context headers of MD type 2, as a list of Tlv that is changed in place."""
        return Tlvs(self._packet)

    @tlvs.setter
    def tlvs(self, value: Iterable[Tlv]) -> None:
        Tlvs(self._packet)[:] = value
