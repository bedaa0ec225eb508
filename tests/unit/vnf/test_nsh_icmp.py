"""What a classifier tells the senders of packets too big: settings, graph, and answers byte by byte."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from tests.support.frames import checksum, ethernet, ipv4, udp
from tests.support.service_frames import in_ethernet, nsh
from tests.unit.vnf.test_nsh import MAC, ONE_HOST, graph, read
from tests.unit.vnf.test_nsh_run import CLASSIFIER, HERE, OUT, SFF, THERE, through

if TYPE_CHECKING:
    from pathlib import Path

TAG = bytes.fromhex("00050800")
TUNNEL = "transport: vxlan-gpe, vni: 7, address: 10.0.0.1, peer: 10.0.0.2"


@pytest.mark.parametrize(
    ("text", "element"),
    [
        (f"{TUNNEL}, icmp: {{}}", "192.0.0.8, MTU 1426, TAGS true"),
        (
            f"{TUNNEL}, icmp: {{address: 10.0.0.9, address6: 2001:db8::9}}, mtu: 1354",
            "10.0.0.9, 2001:db8::9, MTU 1280, TAGS true",
        ),
        (
            f"{TUNNEL}, icmp: {{address: $A, address6: 2001:db8::9}}, next: ip, host: '{MAC}', mtu: 1340",
            "$A, 2001:db8::9, MTU 1280, TAGS false",
        ),
        (f"{TUNNEL}, rules: [{{match: '-', spi: 1, tlvs: []}}]", "192.0.0.8, MTU 1426, TAGS true"),
        (
            f"{TUNNEL}, rules: [{{match: tcp, spi: 1, tlvs: [{{class: 1, type: 1, value: $B}}]}}]",
            "192.0.0.8, MTU 1310, TAGS true",
        ),
        (
            f"{TUNNEL}, rules: [{{match: '-', spi: 1, tlvs: [{{class: 1, type: 1, value: 0a}}]}}]",
            "192.0.0.8, MTU 1434, TAGS true",
        ),
    ],
)
def test_senders_are_told_what_the_longest_header_leaves(text: str, element: str) -> None:
    parameters = "parameters:\n  A: {type: ip, default: 10.0.0.9}\n  B: {type: text, default: 0a}\n"
    lines = graph(f"nsh: {{role: classifier, {text}}}\n", parameters)
    assert f"icmp :: PacketTooBig({element}) -> queue;" in lines[1]
    assert lines[-1] == "nsh[2] -> [1]in;"


def test_nobody_is_told_of_less_than_every_link_carries() -> None:
    lines = graph(f'nsh: {{role: classifier, mac: "{MAC}", mtu: 105}}\n', "")
    assert lines[1].endswith("ToDevice(in); };")
    assert lines[-1] == "in -> nsh -> out -> in;"
    lines = graph(f'nsh: {{role: classifier, mac: "{MAC}", mtu: 106}}\n', "")
    assert "icmp :: PacketTooBig(192.0.0.8, MTU 68, TAGS true)" in lines[1]


@pytest.mark.parametrize(
    ("nsh", "problems"),
    [
        (
            f'nsh: {{role: classifier, mac: "{MAC}", icmp: {{address: 224.0.0.1, address6: "::", '
            "address4: 10.0.0.1}}",
            [
                "5: nsh: icmp: address6: '::' is not valid; allowed: an IPv6 address of one host, "
                "as in 2001:db8::1",
                f"5: nsh: icmp: address: '224.0.0.1' is not valid; allowed: {ONE_HOST}",
                "5: nsh: icmp: unknown key 'address4' (did you mean 'address'?); "
                "allowed: address, address6",
            ],
        ),
        (
            f'nsh: {{role: classifier, mac: "{MAC}", mtu: 1317,\n icmp: {{address6: 2001:db8::1}}}}',
            [
                "6: nsh: icmp: an 'mtu' of 1317 leaves 1279 bytes for a packet inside; IPv6 needs "
                "1280, so give at least 'mtu: 1318'"
            ],
        ),
        (
            f'nsh: {{role: classifier, mac: "{MAC}", mtu: 105, icmp: {{address: 10.0.0.1}}}}',
            [
                "5: nsh: icmp: an 'mtu' of 105 leaves 67 bytes for a packet inside; IPv4 needs 68, "
                "so give at least 'mtu: 106'"
            ],
        ),
        (
            "nsh: {role: forwarder, icmp: {address: 10.0.0.1}}",
            [
                "5: nsh: unknown key 'icmp'; allowed: role, transport, address, vni, oam, "
                "next-protocol, experiment, table, echo"
            ],
        ),
    ],
)
def test_problem_of_icmp(nsh: str, problems: list[str]) -> None:
    assert read(nsh + "\n", "") == (None, problems)


def unfragmentable(length: int) -> bytes:
    """A datagram of this length, with DF."""
    packet = udp("10.0.0.1", "10.0.0.2", (1024, 53), bytes(length - 28))
    head = packet[:6] + b"\x40" + packet[7:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]


def fragmentation_needed(source: str, mtu: int, packet: bytes) -> bytes:
    """The answer of RFC 1191, with as much of the packet as 576 bytes hold (RFC 1812, 4.3.2.3)."""
    message = struct.pack("!BBHI", 3, 4, 0, mtu) + packet[:548]
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(source, "10.0.0.1", 1, message, ttl=200)


@pytest.mark.parametrize(("kind", "tag"), [(0x0800, b""), (0x8100, TAG)], ids=["plain", "tagged"])
def test_a_sender_is_told_how_long_packets_may_be(tmp_path: Path, kind: int, tag: bytes) -> None:
    most = 1000 - 24 - 14 - len(tag)
    fits, too_big = (
        ethernet(THERE, HERE, kind, tag + unfragmentable(length)) for length in (most, most + 1)
    )
    text = f'nsh: {{role: classifier, mac: "{SFF}", mtu: 1000, rules: [{{match: "-", spi: 10}}]}}\n'
    at_in, at_out = through(tmp_path, text, [too_big, fits])
    answer = fragmentation_needed("192.0.0.8", most, unfragmentable(most + 1))
    assert at_in == [ethernet(HERE, THERE, kind, tag + answer)]
    assert at_out == [in_ethernet(SFF, OUT, nsh((10, 255), fits))]


def test_the_source_of_answers_is_chosen(tmp_path: Path) -> None:
    text = f"{CLASSIFIER}  mtu: 1000\n  icmp: {{address: $OWN}}\n"
    text += "parameters: {OWN: {type: ip, default: 10.0.0.9}}\n"
    packet = unfragmentable(1000)
    at_in, at_out = through(tmp_path, text, [ethernet(THERE, HERE, 0x0800, packet)])
    answer = fragmentation_needed("10.0.0.9", 962, packet)
    assert at_in == [ethernet(HERE, THERE, 0x0800, answer)]
    assert at_out == []


def test_what_may_be_fragmented_is_not_answered(tmp_path: Path) -> None:
    packet = udp("10.0.0.1", "10.0.0.2", (1024, 53), bytes(1000))
    text = f"{CLASSIFIER}  mtu: 1000\n"
    assert through(tmp_path, text, [ethernet(THERE, HERE, 0x0800, packet)]) == ([], [])
