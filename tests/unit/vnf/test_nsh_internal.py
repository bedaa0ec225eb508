"""A function in no chain: its packets have a header that nobody else sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.pcap import read_pcap, write_pcap
from weft.cli.main import run
from weft.model.package import MANIFEST, PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.package import package_of

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
weft: 1
vnf: marks
version: 1.0.0
interfaces: [in, out]
nsh: internal
components:
  a:
    framework: click
    text: |
      input -> c :: Classifier(12/0800, -);
      c[0] -> SetNSH(CONTEXT 07000000000000000000000000000000) -> output;
      c[1] -> output;
  b: {framework: click, text: "input -> CheckNSHContext(0/07) -> output;"}
path: in -> a -> b -> out; out -> in
"""


def test_interfaces_give_headers_and_take_them() -> None:
    lines = graph_of(package_of([PackageFile(MANIFEST, TEXT.encode())], "x")).splitlines()
    for line, name in zip(lines[1:3], ("in", "out"), strict=True):
        device = f"queue :: Queue -> to :: ToDevice({name})"
        assert line == (
            f"{name} :: {{ from :: FromDevice({name}) -> encap :: NSHEncap(1) -> [1]output; "
            "input[1] -> output; input -> [2]output; "
            f"input[2] -> decap :: NSHDecap(ethernet) -> {device}; }};"
        )
    assert lines[3] == "nsh :: NSHFunction;"


def test_what_one_component_marks_another_sees_and_the_wire_does_not(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / MANIFEST).write_text(TEXT)
    marked = [bytes(12) + b"\x08\x00" + b"frame", bytes(12) + b"\x08\x00" + bytes(1500)]
    other = bytes(12) + b"\x08\x06" + b"frame"
    write_pcap(tmp_path / "in.pcap", [other, *marked])
    write_pcap(tmp_path / "out.pcap", [other])
    arguments = ["run", str(tmp_path / "marks")]
    for side in ("in", "out"):
        arguments += ["-i", f"{side}=pcap:{tmp_path}/{side}.pcap:{tmp_path}/{side}.sent"]
    assert run(arguments) == 0
    assert read_pcap(tmp_path / "out.sent") == marked
    assert read_pcap(tmp_path / "in.sent") == [other]
