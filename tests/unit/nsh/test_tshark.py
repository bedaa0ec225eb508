"""An independent judge: what we write, tshark reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.tshark import decode
from tests.unit.nsh.headers import NESTED, Header
from tests.unit.nsh.written import encode, frames_expected

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = [
    "nsh.version", "nsh.Obit", "nsh.CBit", "nsh.ttl", "nsh.length", "nsh.mdtype", "nsh.nextproto",
    "nsh.spi", "nsh.si", "nsh.contextheader", "nsh.metadataclass", "nsh.metadatatype",
    "nsh.metadataunassignedbit", "nsh.metadatalen", "nsh.metadata", "eth.type", "frame.protocols",
]  # fmt: skip
PROTOCOLS = {
    0: "eth:ethertype:nsh",
    1: "eth:ethertype:nsh:ip:udp:data",
    2: "eth:ethertype:nsh:ipv6:data",
    3: "eth:ethertype:nsh:eth:ethertype:ip:udp:data",
    4: "eth:ethertype:nsh:nsh:ip:udp:data",
    5: "eth:ethertype:nsh:mpls:ip:udp:data",
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


def test_what_we_write_tshark_reads(tmp_path: Path) -> None:
    frames = encode(tmp_path)
    expected = frames_expected()
    decoded = decode(tmp_path, frames, FIELDS)
    for (header, frame), values, got in zip(expected, decoded, frames, strict=True):
        inner = [NESTED] if header.next_protocol == 4 else []
        assert read_by_tshark(values) == [header, *inner], got.hex()
        assert values["eth.type"][0] == "0x894f"
        assert values["frame.protocols"] == [PROTOCOLS[header.next_protocol]]
        assert got == frame
