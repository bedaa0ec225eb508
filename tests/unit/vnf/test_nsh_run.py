"""Roles with the Network Service Header on capture files: what leaves each interface, byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.frames import arp, ethernet, tcp, udp
from tests.support.pcap import read_pcap, write_pcap
from tests.support.service_frames import in_ethernet, nsh
from weft.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SFF, SF = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
HERE, THERE = "02:00:00:00:00:0b", "02:00:00:00:00:0c"
IN, OUT = "02:00:00:00:00:01", "02:00:00:00:00:02"  # what capture files' interfaces have
CONTEXT = bytes(range(16))
WEB = ethernet(THERE, HERE, 0x0800, tcp("10.0.0.1", "10.0.0.2", (1024, 80)))
DNS = ethernet(THERE, HERE, 0x0800, udp("10.0.0.1", "10.0.0.2", (1024, 53)))
WEB_BACK = ethernet(HERE, THERE, 0x0800, tcp("10.0.0.2", "10.0.0.1", (80, 1024)))
FIREWALL = """\
components:
  fw: {framework: click, text: "input -> MarkIPHeader(14) -> IPClassifier(tcp) -> output;"}
path: |
  in -> fw -> out
  out -> in
"""


def to_function(spi: int, si: int, payload: bytes, next_protocol: int = 3) -> bytes:
    return in_ethernet(SF, SFF, nsh((spi, si), payload, next_protocol, CONTEXT))


def through(
    folder: Path, text: str, at_in: Sequence[bytes], at_out: Sequence[bytes] = ()
) -> tuple[list[bytes], list[bytes]]:
    """What leaves `in` and `out` of a package when these frames arrive there."""
    package = folder / "package"
    package.mkdir()
    head = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
    (package / "vnf.yaml").write_text(head + text)
    write_pcap(folder / "in.pcap", list(at_in))
    write_pcap(folder / "out.pcap", list(at_out))
    arguments = ["run", str(package)]
    for side in ("in", "out"):
        arguments += ["--interface", f"{side}=pcap:{folder}/{side}.pcap:{folder}/{side}.sent"]
    assert run(arguments) == 0
    return read_pcap(folder / "in.sent"), read_pcap(folder / "out.sent")


def test_a_proxied_function_sees_plain_frames_and_headers_stay(tmp_path: Path) -> None:
    at_in, at_out = through(
        tmp_path,
        "nsh: proxy\n" + FIREWALL,
        [to_function(10, 255, WEB), to_function(10, 255, DNS), to_function(11, 7, WEB[14:], 1)],
        [to_function(20, 3, WEB_BACK)],
    )
    assert at_in == [to_function(20, 2, WEB_BACK)]
    assert at_out == [to_function(10, 254, WEB), to_function(11, 6, WEB[14:], 1)]


def test_frames_without_a_header_do_not_come_in(tmp_path: Path) -> None:
    question = ethernet(
        "ff:ff:ff:ff:ff:ff", SFF, 0x0806, arp(1, (SFF, "10.0.0.1"), (SF, "10.0.0.2"))
    )
    assert through(tmp_path, "nsh: proxy\n" + FIREWALL, [question, WEB], [WEB_BACK]) == ([], [])


def test_oam_packets_go_past_the_function_where_they_are_forwarded(tmp_path: Path) -> None:
    packet = in_ethernet(SF, SFF, nsh((10, 255), b"\0" * 40, 3, oam=True))
    back = in_ethernet(SF, SFF, nsh((10, 254), b"\0" * 40, 3, oam=True))
    text = "nsh: {role: proxy, oam: forward}\n" + FIREWALL
    assert through(tmp_path, text, [packet]) == ([back], [])


def test_oam_packets_are_dropped_where_nothing_is_said(tmp_path: Path) -> None:
    packet = in_ethernet(SF, SFF, nsh((10, 255), b"\0" * 40, 3, oam=True))
    assert through(tmp_path, "nsh: proxy\n" + FIREWALL, [packet]) == ([], [])


@pytest.mark.parametrize(
    ("setting", "addresses"),
    [
        ("mac: sender", (SFF, SF)),
        (f'mac: "{SFF}"', (SFF, OUT)),
        (f'mac: {{out: "{THERE}"}}', (THERE, OUT)),
        ("mac: {in: sender}", (SF, SFF)),
    ],
)
def test_packets_leave_with_the_addresses_that_mac_says(
    tmp_path: Path, setting: str, addresses: tuple[str, str]
) -> None:
    text = f"nsh: {{role: proxy, {setting}}}\n{FIREWALL}"
    _, [frame] = through(tmp_path, text, [to_function(10, 255, WEB)])
    assert frame == in_ethernet(*addresses, nsh((10, 254), WEB, 3, CONTEXT))


def test_a_function_with_one_arm_answers_where_it_was_asked(tmp_path: Path) -> None:
    text = """\
nsh: {role: aware, mac: sender}
components:
  next: {framework: click, text: "input -> Null -> output;"}
path: in -> next -> in; out -> out
"""
    at_in, at_out = through(tmp_path, text, [to_function(10, 255, WEB)])
    assert at_in == [in_ethernet(SFF, SF, nsh((10, 254), WEB, 3, CONTEXT))]
    assert at_out == []


def test_an_interface_may_be_only_source_or_only_target(tmp_path: Path) -> None:
    text = """\
nsh: {role: proxy, oam: forward}
components:
  next: {framework: click, text: "input -> Null -> output;"}
path: in -> next -> out
"""
    oam = in_ethernet(SF, SFF, nsh((10, 255), b"\0" * 40, 3, oam=True))
    past = in_ethernet(SF, SFF, nsh((10, 254), b"\0" * 40, 3, oam=True))
    frames = [to_function(10, 255, WEB), oam]
    at_in, at_out = through(tmp_path, text, frames, [to_function(20, 3, WEB_BACK)])
    assert (at_in, at_out) == ([past], [to_function(10, 254, WEB)])


def test_what_is_too_long_with_its_header_is_dropped(tmp_path: Path) -> None:
    long = WEB + bytes(1000)
    frames = [to_function(10, 255, long), to_function(10, 255, WEB)]
    text = "nsh: {role: proxy, mtu: 1000}\n" + FIREWALL
    assert through(tmp_path, text, frames) == ([], [to_function(10, 254, WEB)])


CLASSIFIER = f"""\
nsh:
  role: classifier
  mac: "{SFF}"
  rules:
    - {{match: tcp dst port 80, spi: 10, context: {CONTEXT.hex()}}}
    - {{match: udp, spi: 11, si: 9, ttl: 5, tlvs: [{{class: 3, type: 1, value: 0a0b}}]}}
"""


def test_a_classifier_gives_frames_the_header_of_their_rule(tmp_path: Path) -> None:
    at_in, at_out = through(tmp_path, CLASSIFIER, [WEB, DNS, WEB_BACK])
    assert at_in == []
    head = bytes.fromhex("014402030000" + "0b09" + "000301020a0b0000")
    assert at_out == [
        in_ethernet(SFF, OUT, nsh((10, 255), WEB, 3, CONTEXT)),
        in_ethernet(SFF, OUT, head + DNS),
    ]


def test_a_classifier_takes_the_header_off_what_comes_back(tmp_path: Path) -> None:
    frames = [to_function(20, 3, WEB_BACK), WEB_BACK, to_function(20, 3, WEB_BACK[14:], 1)]
    assert through(tmp_path, CLASSIFIER, [], frames) == ([WEB_BACK], [])


def test_what_no_rule_matches_passes_by_both_ways(tmp_path: Path) -> None:
    text = CLASSIFIER + "  unmatched: forward\n"
    at_in, at_out = through(tmp_path, text, [WEB_BACK], [WEB, to_function(20, 3, DNS)])
    assert sorted(at_in) == sorted([WEB, DNS])
    assert at_out == [WEB_BACK]


def test_a_classifier_of_ip_leaves_the_frame_behind(tmp_path: Path) -> None:
    text = f'{CLASSIFIER}  next: ip\n  host: "{HERE}"\n'
    back = to_function(20, 3, WEB_BACK[14:], 1)
    at_in, at_out = through(tmp_path, text, [WEB], [back, to_function(20, 3, WEB_BACK)])
    assert at_in == [ethernet(HERE, IN, 0x0800, WEB_BACK[14:])]
    assert at_out == [in_ethernet(SFF, OUT, nsh((10, 255), WEB[14:], 1, CONTEXT))]


def test_a_classifier_makes_no_packet_longer_than_its_mtu(tmp_path: Path) -> None:
    text = f"{CLASSIFIER}  mtu: {len(WEB) + 24}\n"
    _, at_out = through(tmp_path, text, [WEB + b"\0", WEB])
    assert at_out == [in_ethernet(SFF, OUT, nsh((10, 255), WEB, 3, CONTEXT))]


def test_a_forwarder_sends_on_by_path_and_index(tmp_path: Path) -> None:
    text = f"""\
nsh:
  role: forwarder
  table:
    - {{spi: 10, si: 255, interface: out, mac: "{SF}"}}
    - {{spi: 10, si: 254, interface: in, mac: "{THERE}"}}
"""
    at_in, at_out = through(
        tmp_path,
        text,
        [to_function(10, 255, WEB), to_function(10, 253, WEB), to_function(10, 254, DNS)],
        [to_function(10, 254, WEB)],
    )
    assert sorted(at_in) == sorted(
        in_ethernet(THERE, IN, nsh((10, 254), inner, 3, CONTEXT, ttl=62)) for inner in (DNS, WEB)
    )
    assert at_out == [in_ethernet(SF, OUT, nsh((10, 255), WEB, 3, CONTEXT, ttl=62))]


def test_values_may_be_parameters(tmp_path: Path) -> None:
    text = """\
nsh: {role: classifier, mac: $NEXT, rules: [{match: "-", spi: $PATH, si: $INDEX}]}
parameters:
  NEXT: {type: mac, default: "02:00:00:00:0a:01"}
  PATH: {type: integer, default: 10}
  INDEX: {type: integer, default: 7}
"""
    _, at_out = through(tmp_path, text, [WEB])
    assert at_out == [in_ethernet(SFF, OUT, nsh((10, 7), WEB))]
