"""The firewall on capture files: which frames pass, byte by byte, and why the others do not."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.support.captured import on_files
from tests.support.frames import ACK, RST, SYN, arp, checksum, echo, error, ethernet, ipv4, tcp, udp

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER, ROUTER = "10.0.0.1", "10.0.0.2", "10.0.0.3"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
UNREACHABLE, TIME_EXCEEDED = 3, 11


def to_server(payload: bytes, kind: int = 0x0800) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, kind, payload)


def to_client(payload: bytes) -> bytes:
    return ethernet(CLIENT_MAC, SERVER_MAC, 0x0800, payload)


def fragments(datagram: bytes, size: int) -> list[bytes]:
    """The datagram in pieces of so many bytes of data."""
    data, pieces = datagram[20:], []
    for at in range(0, len(data), size):
        piece = data[at : at + size]
        more = 0x2000 if at + size < len(data) else 0
        head = datagram[:2] + struct.pack("!HHH", 20 + len(piece), 1, more | at // 8)
        head += datagram[8:10] + b"\0\0" + datagram[12:20]
        pieces.append(head[:10] + struct.pack("!H", checksum(head)) + head[12:] + piece)
    return pieces


ASKED, ANSWERED = udp(CLIENT, SERVER, (4000, 53), b"?"), udp(SERVER, CLIENT, (53, 4000), b"!")
OPENING = tcp(CLIENT, SERVER, (4000, 22))


class Firewall:
    """One direction after the other: the captures of both sides are read in turn, a frame each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self, at_in: list[bytes], at_out: list[bytes], *settings: str
    ) -> tuple[list[bytes], list[bytes]]:
        """What leaves `in` and `out`; what comes from `out` comes last."""
        went = on_files(self._folder, PACKAGE, {"in": at_in, "out": at_out}, *settings)
        return went["in"], went["out"]


@pytest.fixture
def firewall(tmp_path: Path) -> Firewall:
    return Firewall(tmp_path)


@pytest.mark.parametrize(
    ("first", "reply"),
    [
        (OPENING, tcp(SERVER, CLIENT, (22, 4000), SYN | ACK)),
        (OPENING, tcp(SERVER, CLIENT, (22, 4000), RST | ACK)),
        (ASKED, ANSWERED),
        (echo(CLIENT, SERVER), echo(SERVER, CLIENT, kind=0)),
    ],
    ids=["tcp", "refused", "udp", "ping"],
)
def test_flows_begin_from_inside_and_are_answered(
    firewall: Firewall, first: bytes, reply: bytes
) -> None:
    sent = firewall.run([to_server(first)], [to_client(reply)])
    assert sent == ([to_client(reply)], [to_server(first)])


UNASKED = [
    tcp(SERVER, CLIENT, (22, 4000)),
    tcp(SERVER, CLIENT, (22, 4000), SYN | ACK),
    tcp(SERVER, CLIENT, (22, 4000), RST),
    udp(SERVER, CLIENT, (53, 4000)),
    echo(SERVER, CLIENT),
    echo(SERVER, CLIENT, kind=0),
    error(SERVER, CLIENT, UNREACHABLE, ASKED),
    ipv4(SERVER, CLIENT, 47, bytes(20)),
    b"\x45" + b"\xff" * 30,
]


@pytest.mark.parametrize("unasked", UNASKED, ids=range(len(UNASKED)))
def test_nothing_unasked_comes_in(firewall: Firewall, unasked: bytes) -> None:
    assert firewall.run([], [to_client(unasked)]) == ([], [])


@pytest.mark.parametrize(
    "other",
    [
        udp(SERVER, CLIENT, (53, 4001)),
        udp(SERVER, CLIENT, (54, 4000)),
        udp(ROUTER, CLIENT, (53, 4000)),
        echo(SERVER, CLIENT),
        ASKED,
    ],
    ids=["port", "source-port", "address", "ping", "spoofed"],
)
def test_only_the_reply_of_a_flow_comes_back(firewall: Firewall, other: bytes) -> None:
    begun = [to_server(ASKED), to_server(echo(CLIENT, SERVER))]
    assert firewall.run(begun, [to_client(other)]) == ([], begun)


@pytest.mark.parametrize("flags", [ACK, SYN | ACK, RST, 0])
def test_a_connection_begins_with_its_first_segment(firewall: Firewall, flags: int) -> None:
    assert firewall.run([to_server(tcp(CLIENT, SERVER, (4000, 22), flags))], []) == ([], [])


def test_rules_say_what_begins(firewall: Firewall) -> None:
    web, ssh = (tcp(CLIENT, SERVER, (4000, port)) for port in (80, 22))
    sent = [to_server(web), to_server(ssh), to_server(ASKED)]
    rules = ("ALLOW=tcp dst port 80", "ALLOW_IN=dst host 10.0.0.1 and udp dst port 4000")
    assert firewall.run(sent, [], *rules) == ([], sent[:1])
    asked_in = to_client(udp(SERVER, CLIENT, (9, 4000)))
    assert firewall.run([], [asked_in, to_client(echo(SERVER, CLIENT))], *rules) == ([asked_in], [])


@pytest.mark.parametrize(
    "about",
    [ASKED, OPENING[:28], echo(CLIENT, SERVER)],
    ids=["udp", "tcp", "ping"],
)
def test_errors_about_flows_come_back(firewall: Firewall, about: bytes) -> None:
    begun = [to_server(part) for part in (ASKED, OPENING, echo(CLIENT, SERVER))]
    told = [to_client(error(ROUTER, CLIENT, TIME_EXCEEDED, about))]
    unrelated = to_client(error(ROUTER, CLIENT, TIME_EXCEEDED, udp(CLIENT, SERVER, (1, 2))))
    assert firewall.run(begun, [*told, unrelated]) == (told, begun)


def test_fragments_are_judged_together_and_leave_as_the_wire_takes_them(firewall: Firewall) -> None:
    asked, answer = (udp(CLIENT, SERVER, (4000, 53), bytes(range(200)) * 20), ANSWERED)
    refused = udp(CLIENT, SERVER, (4000, 54), bytes(3000))
    pieces = [to_server(piece) for piece in reversed(fragments(asked, 1000))]
    pieces += [to_server(piece) for piece in fragments(refused, 1480)]
    assert firewall.run(pieces, [to_client(answer)], "ALLOW=udp dst port 53") == (
        [to_client(answer)],
        [to_server(piece) for piece in fragments(asked, 1480)],
    )
    alone = to_server(fragments(asked, 1480)[1])
    assert firewall.run([alone], []) == ([], [])


def test_a_full_table_takes_no_new_flow(firewall: Firewall) -> None:
    asked = [to_server(udp(CLIENT, SERVER, (4000 + flow, 53))) for flow in range(10)]
    assert firewall.run(asked, [], "FLOWS=4") == ([], asked[:4])


def test_arp_passes_both_ways(firewall: Firewall) -> None:
    question = arp(1, (CLIENT_MAC, CLIENT), (ANY_MAC, SERVER))
    question = ethernet(BROADCAST, CLIENT_MAC, 0x0806, question)
    answer = arp(2, (SERVER_MAC, SERVER), (CLIENT_MAC, CLIENT))
    answer = ethernet(CLIENT_MAC, SERVER_MAC, 0x0806, answer)
    assert firewall.run([question], [answer]) == ([answer], [question])


@pytest.mark.parametrize(
    "frame", [to_server(bytes(40), 0x86DD), to_server(b""), b""], ids=["ipv6", "no-data", "empty"]
)
def test_what_is_no_ipv4_is_dropped(firewall: Firewall, frame: bytes) -> None:
    assert firewall.run([frame], []) == ([], [])
