"""An independent judge: what we write, tshark reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.tshark import decode
from tests.unit.nsh.headers import NESTED, Header
from tests.unit.nsh.written import ETHERNET, VXLAN_GPE, VXLAN_GPE_6, encode, frames_expected

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = [
    "nsh.version", "nsh.Obit", "nsh.CBit", "nsh.ttl", "nsh.length", "nsh.mdtype", "nsh.nextproto",
    "nsh.spi", "nsh.si", "nsh.contextheader", "nsh.metadataclass", "nsh.metadatatype",
    "nsh.metadataunassignedbit", "nsh.metadatalen", "nsh.metadata", "frame.protocols",
]  # fmt: skip
INSIDE = {
    0: "",
    1: ":ip:udp:data",
    2: ":ipv6:data",
    3: ":eth:ethertype:ip:udp:data",
    4: ":nsh:ip:udp:data",
    5: ":mpls:ip:udp:data",
}
TUNNEL = {"udp.dstport": "4790", "vxlan.vni": "1193046", "vxlan.next_proto": "4"}
TUNNEL |= {"vxlan.flags": "0x0c", "vxlan.ver": "0", "vxlan.i_bit": "1", "vxlan.p_bit": "1"}
# How headers travel: the elements that make it so, what they begin with, fields of that.
TRANSPORTS = {
    "Ethernet": (ETHERNET, "eth:ethertype:nsh", {"eth.type": "0x894f"}),
    "VXLAN-GPE": (
        VXLAN_GPE,
        "eth:ethertype:ip:udp:nsh",
        {**TUNNEL, "ip.src": "192.0.2.1", "ip.dst": "192.0.2.9", "udp.checksum": "0x0000"},
    ),
    "VXLAN-GPE over IPv6": (
        VXLAN_GPE_6,
        "eth:ethertype:ipv6:udp:nsh",
        {
            **TUNNEL,
            "ipv6.src": "2001:db8::1",
            "ipv6.dst": "2001:db8::9",
            "udp.checksum.status": "1",
        },
    ),
}


def read_by_tshark(values: dict[str, list[str]]) -> list[Header]:
    """The headers that tshark found in a frame, outermost first."""
    assert set(values["nsh.version"] + values["nsh.CBit"]) == {"0"}
    assert set(values["nsh.metadataunassignedbit"]) <= {"0", "0x00", "0x0000"}
    contexts = iter(values["nsh.contextheader"])
    kinds = zip(values["nsh.metadataclass"], values["nsh.metadatatype"], strict=True)
    lengths, metadata = iter(values["nsh.metadatalen"]), iter(values["nsh.metadata"])
    tlvs = [
        (int(kind), int(number), bytes.fromhex(next(metadata)) if length else b"")
        for (kind, number), length in zip(kinds, (int(n, 16) for n in lengths), strict=True)
    ]
    assert not list(metadata)
    found = []
    for number, md_type in enumerate(values["nsh.mdtype"]):
        context = (
            bytes.fromhex("".join(next(contexts) for _ in range(4))) if md_type == "1" else None
        )
        here: tuple[tuple[int, int, bytes], ...] = ()
        if md_type == "2":
            here, tlvs = tuple(tlvs), []
        header = Header(
            int(values["nsh.spi"][number]),
            int(values["nsh.si"][number]),
            int(values["nsh.ttl"][number], 16),
            values["nsh.Obit"][number] == "1",
            int(values["nsh.nextproto"][number]),
            context,
            here,
        )
        assert int(values["nsh.length"][number]) == 2 + len(header.metadata) // 4
        found.append(header)
    assert not tlvs
    return found


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_we_write_tshark_reads(tmp_path: Path, transport: str) -> None:
    elements, start, outer = TRANSPORTS[transport]
    frames = encode(tmp_path, elements)
    decoded = decode(tmp_path, frames, [*FIELDS, *outer])
    for (header, frame), values, got in zip(frames_expected(), decoded, frames, strict=True):
        inner = [NESTED] if header.next_protocol == 4 else []
        assert read_by_tshark(values) == [header, *inner], got.hex()
        assert values["frame.protocols"] == [start + INSIDE[header.next_protocol]]
        assert {field: values[field][0] for field in outer} == outer
        assert got.endswith(frame[14:])
