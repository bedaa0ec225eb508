"""The golden format itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.golden.capture import Packet, read_capture, write_capture
from tests.golden.golden_file import GoldenError, line_matches, read_cases

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = """\
%case one
%config
a;
b;
%args -h 'x y'
%input in.pcap RAW
00 01 ff
@1.5 02
%stderr
{{.*}}: gone
%status 1
%case two
%config
c;
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "X.golden"
    path.write_text(text)
    return path


def test_cases_have_their_sections(tmp_path: Path) -> None:
    one, two = read_cases(write(tmp_path, EXAMPLE))
    assert (one.title, one.config, one.args) == ("one", "a;\nb;\n", ("-h", "x y"))
    assert one.inputs["in.pcap"].link_type == "RAW"
    assert one.inputs["in.pcap"].packets == (
        Packet(b"\x00\x01\xff"),
        Packet(b"\x02", 1_500_000_000),
    )
    assert (one.stderr, one.status, one.stdout) == ("{{.*}}: gone", 1, "")
    assert (two.config, two.status) == ("c;\n", 0)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("%config\nx\n", "X.golden:1: a section before the first %case"),
        ("%case a\n%bogus\n", "X.golden:2: unknown section '%bogus'"),
        ("%case a\n%input i X\n", "X.golden:2: link type 'X'; known: EN10MB"),
        ("%case a\n%output o\nzz\n", "X.golden:2: non-hexadecimal"),
        ("%case a\n%case a\n", "needs cases, each with a title of its own"),
        ("", "needs cases"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(GoldenError) as caught:
        read_cases(write(tmp_path, text))
    assert problem in str(caught.value)


def test_expressions_match_inside_a_line() -> None:
    assert line_matches("rate {{[0-9]+}} (pps)", "rate 12 (pps)")
    assert not line_matches("rate {{[0-9]+}} (pps)", "rate x (pps)")
    assert not line_matches("rate", "rate 1")


def test_captures_come_back_as_written(tmp_path: Path) -> None:
    packets = [Packet(b"abc", 1_000_000_001), Packet(b"", 7)]
    write_capture(tmp_path / "x.pcap", packets, "RAW")
    assert read_capture(tmp_path / "x.pcap") == packets
