"""An independent judge: what we write, scapy reads; what scapy writes, we read.

Scapy is imported where it is used: it takes a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.nsh import change, run_graph
from tests.unit.nsh.headers import INSIDE, Header
from tests.unit.nsh.written import HEADERS, VXLAN_GPE, VXLAN_GPE_6, encode, frames_expected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def read_by_scapy(packet: Any) -> Header:
    """The outermost header that scapy finds."""
    assert (packet.ver, packet.unused1, packet.unused2) == (0, 0, 0)
    tlvs: list[tuple[int, int, bytes]] = []
    for one in packet.vlch or [] if packet.mdtype == 2 else []:
        words = b"".join(word.to_bytes(4, "big") for word in one.metadata)
        assert one.reserved == 0
        assert not any(words[one.length :])
        tlvs.append((one.class_, one.type, words[: one.length]))
    context = packet.context_header if packet.mdtype == 1 else None
    found = Header(
        packet.spi, packet.si, packet.ttl, bool(packet.oam), packet.nextproto, context, tuple(tlvs)
    )
    assert packet.length == 2 + len(found.metadata) // 4
    return found


def written_by_scapy(header: Header) -> bytes:
    """A frame that scapy makes of a header, its lengths reckoned by it where it can."""
    from scapy.contrib.nsh import NSH, NSHTLV
    from scapy.layers.l2 import Ether

    tlvs = []
    for kind, number, value in header.tlvs:
        padded = value + bytes(-len(value) % 4)
        words = [int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4)]
        length = None if padded == value else len(value)
        tlvs.append(NSHTLV(class_=kind, type=number, length=length, metadata=words))
    metadata: dict[str, Any] = {"mdtype": 2, "vlch": tlvs}
    if header.context is not None:
        metadata = {"mdtype": 1, "context_header": header.context}
    packet = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01", type=0x894F) / NSH(
        oam=int(header.oam),
        ttl=header.ttl,
        nextproto=header.next_protocol,
        spi=header.spi,
        si=header.si,
        **metadata,
    )
    return bytes(packet) + INSIDE[header.next_protocol]


def test_what_we_write_scapy_reads(tmp_path: Path) -> None:
    from scapy.contrib.nsh import NSH
    from scapy.layers.l2 import Ether

    for (header, frame), got in zip(frames_expected(), encode(tmp_path), strict=True):
        packet = Ether(got)
        assert packet.type == 0x894F
        assert read_by_scapy(packet[NSH]) == header, got.hex()
        assert bytes(packet[NSH].payload) == INSIDE[header.next_protocol]
        assert got == frame


@pytest.mark.parametrize("elements", [VXLAN_GPE, VXLAN_GPE_6], ids=["IPv4", "IPv6"])
def test_what_we_write_in_vxlan_gpe_scapy_reads(tmp_path: Path, elements: str) -> None:
    from scapy.contrib.nsh import NSH
    from scapy.layers.inet import UDP
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    for (header, _), got in zip(frames_expected(), encode(tmp_path, elements), strict=True):
        packet = Ether(got)
        outer = packet[VXLAN]
        assert (packet[UDP].dport, outer.flags, outer.NextProtocol) == (4790, 0xC, 4)
        assert (outer.vni, outer.reserved0, outer.reserved2) == (0x123456, 0, 0)
        assert read_by_scapy(packet[NSH]) == header, got.hex()


def test_what_scapy_writes_in_vxlan_gpe_we_read(tmp_path: Path) -> None:
    from scapy.layers.inet import IP, UDP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Ether
    from scapy.layers.vxlan import VXLAN

    link = Ether(dst="02:00:00:00:00:02", src="02:00:00:00:00:01")
    inner = [written_by_scapy(header)[14:] for header in HEADERS]
    for outer, check in (
        (IP(src="192.0.2.1", dst="192.0.2.9"), "CheckIPHeader(14)"),
        (IPv6(src="2001:db8::1", dst="2001:db8::9"), "MarkIPHeader(14)"),
    ):
        tunnel = (
            link / outer / UDP(sport=50000, dport=4790) / VXLAN(flags=0xC, NextProtocol=4, vni=77)
        )
        frames = [bytes(tunnel / one) for one in inner]
        graph = f"in -> {check} -> VXLANGPEDecap(77) -> CheckNSHHeader(OAM forward) -> out0;"
        ran = run_graph(tmp_path, graph, frames)
        assert (ran.outputs, ran.drops) == ([inner], {})


def test_what_scapy_writes_we_read(tmp_path: Path) -> None:
    frames = [written_by_scapy(header) for header in HEADERS]
    assert decapsulated(tmp_path, HEADERS, frames) == [INSIDE[h.next_protocol] for h in HEADERS]
    # By its path, on a table that has this path alone, each goes on with its TTL counted down.
    alive = [(h, f) for h, f in zip(HEADERS, frames, strict=True) if h.ttl != 1 and h.si]
    forwarded = through(
        tmp_path,
        alive,
        lambda header: f"NSHForwarder({header.spi}/{header.si} => 0 ETHER 2:0:0:0:0:1 2:0:0:0:0:2)",
    )
    assert forwarded == [change(frame, ttl=(header.ttl or 64) - 1) for header, frame in alive]


def test_metadata_that_scapy_writes_we_read(tmp_path: Path) -> None:
    # The context headers of the kinds that were written are found, and no others, when they are
    # taken away; a context is found when another is put in its place.
    pairs = [(header, written_by_scapy(header)) for header in HEADERS]

    def change_of(header: Header) -> str:
        kinds = [f"REMOVE {kind}:{number}" for kind, number, _ in header.tlvs]
        changes = [f"CONTEXT {bytes(16).hex()}"] if header.context is not None else kinds
        return f"SetNSH({', '.join(changes)})"

    expected = []
    for header, frame in pairs:
        bare = bytearray(frame[:22]) + (bytes(16) if header.context is not None else b"")
        bare[15] = bare[15] & 0xC0 | (2 if header.context is None else 6)
        expected.append(bytes(bare) + INSIDE[header.next_protocol])
    assert through(tmp_path, pairs, change_of) == expected


def through(
    folder: Path, pairs: Sequence[tuple[Header, bytes]], element: Callable[[Header], str]
) -> list[bytes]:
    """What comes of frames, each checked and sent through the element for its header."""
    lines = ["in -> CheckNSHHeader(14, OAM forward) -> turns :: RoundRobinSwitch;"]
    lines += [f"turns [{n}] -> {element(header)} -> out0;" for n, (header, _) in enumerate(pairs)]
    ran = run_graph(folder, "\n".join(lines), [frame for _, frame in pairs])
    assert ran.drops == {}
    return ran.outputs[0]


def decapsulated(folder: Path, sent: Sequence[Header], frames: Sequence[bytes]) -> list[bytes]:
    """What follows the headers, where each has the path and next protocol that were written."""
    words = ["none", "ipv4", "ipv6", "ethernet", "nsh", "mpls"]
    return through(
        folder,
        list(zip(sent, frames, strict=True)),
        lambda header: (
            f"NSHSwitch({header.spi}/{header.si}) -> NSHDecap({words[header.next_protocol]})"
        ),
    )
