"""All sorts of headers, written by the elements that write headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.nsh import over_ethernet, run_graph
from tests.unit.nsh.headers import INSIDE, Header, all_sorts, frame_inside

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ETHERNET", "HEADERS", "VXLAN_GPE", "VXLAN_GPE_6", "encode", "frames_expected"]

HEADERS = all_sorts()
_LINK = "EtherEncap({0}, 2:0:0:0:0:1, 2:0:0:0:0:2)"
# What headers are put into.
ETHERNET = _LINK.format("0x894f")
VXLAN_GPE = f"VXLANGPEEncap(192.0.2.1, 192.0.2.9, 0x123456) -> {_LINK.format('0x0800')}"
VXLAN_GPE_6 = f"VXLANGPEEncap(2001:db8::1, 2001:db8::9, 0x123456) -> {_LINK.format('0x86dd')}"


def encode(folder: Path, transport: str = ETHERNET) -> list[bytes]:
    """Frames with all sorts of headers, written by NSHEncap and, where one can, by NSHClassifier."""
    writers, inside = [], []
    for header in HEADERS:
        writers.append(header.encap())
        inside.append(INSIDE[header.next_protocol] or b"left out")
        if classifier := header.classifier():
            writers.append(classifier)
            inside.append(frame_inside(header.next_protocol))
    lines = ["in -> turns :: RoundRobinSwitch;"]
    lines += [f"end :: Null -> {transport} -> out0;"]
    lines += [f"turns [{n}] -> {writer} -> end;" for n, writer in enumerate(writers)]
    ran = run_graph(folder, "\n".join(lines), inside)
    assert ran.drops == {}
    return ran.outputs[0]


def frames_expected() -> list[tuple[Header, bytes]]:
    """The frames that `encode` is to make."""
    return [
        (header, over_ethernet(header.encoded(), INSIDE[header.next_protocol]))
        for header in HEADERS
        for _ in range(2 if header.classifier() else 1)
    ]
