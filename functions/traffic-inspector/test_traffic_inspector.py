"""The inspector between two hosts: which frames pass, byte by byte, and what each component tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import arp, echo, ethernet, udp
from tests.support.hosts import between
from tests.support.sockets import packet_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
TORRENT, SSH = b"\x13BitTorrent protocol and more", b"SSH-2.0-client"


def to_server(payload: bytes, kind: int = 0x0800) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, kind, payload)


def to_client(payload: bytes) -> bytes:
    return ethernet(CLIENT_MAC, SERVER_MAC, 0x0800, payload)


def asked(data: bytes) -> bytes:
    return to_server(udp(CLIENT, SERVER, (4000, 5000), data))


def answered(data: bytes) -> bytes:
    return to_client(udp(SERVER, CLIENT, (5000, 4000), data))


class Wire:
    """Both ends of the function."""

    def __init__(self, run: Weft, left: Host, right: Host) -> None:
        self.run = run
        self._ends = [packet_socket(left), packet_socket(right)]

    def pass_through(self, frames: list[bytes], back: bool = False) -> list[bytes]:
        """What of these frames comes out at the other side, before a last one that always does."""
        sender, receiver = reversed(self._ends) if back else self._ends
        last = (answered if back else asked)(b"the last one")
        for frame in [*frames, last]:
            sender.send(frame)
        came = []
        while (frame := receiver.recv(65536)) != last:
            came.append(frame)
        return came

    def read(self, *handler: str) -> Any:
        return json.loads(self.run("read", "inspector", *handler))

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def wire(weft: Weft, make_host: Callable[[str], Host]) -> Iterator[Wire]:
    left, right = make_host("left"), make_host("right")
    left.keep_silent()
    right.keep_silent()
    weft("run", PACKAGE, "-d", "--name", "inspector", *between(left, right))
    made = Wire(weft, left, right)
    yield made
    made.close()


def test_signatures_are_blocked_in_both_directions_and_all_else_passes(wire: Wire) -> None:
    question = to_server(arp(1, (CLIENT_MAC, CLIENT), ("00:00:00:00:00:00", SERVER)), 0x0806)
    ping = to_server(echo(CLIENT, SERVER))
    broken = to_server(b"\x45" + bytes(19) + b"no checksum")
    ipv6 = to_server(b"\x60".ljust(46, b"\0"), 0x86DD)
    plain, long = asked(b"plain"), asked(b"x" * 1400)
    sent = [plain, question, asked(TORRENT), ping, broken, asked(SSH), ipv6, long]
    assert wire.pass_through(sent) == [plain, question, ping, asked(SSH), ipv6, long]
    assert wire.pass_through([answered(TORRENT), answered(SSH)], back=True) == [answered(SSH)]

    assert wire.read("check/bad.count") == 1
    assert wire.read("analyzer.found") == {"bittorrent": 2, "ssh": 2, "http": 0}
    assert wire.read("filter.dropped") == 2
    counts = {name: wire.read(f"meter.{name}") for name in ("tcp", "udp", "icmp", "arp", "other")}
    assert counts == {"tcp": 0, "udp": 6, "icmp": 1, "arp": 1, "other": 1}
    assert wire.read("flows.opened") == 3
    assert wire.read("flows.top", "1") == [
        {
            "flow": f"udp {CLIENT}:4000 > {SERVER}:5000",
            "packets": 4,
            "bytes": sum(map(len, (plain, asked(SSH), long, asked(b"the last one")))),
        }
    ]


def test_what_is_blocked_can_be_changed_while_it_runs(wire: Wire) -> None:
    assert wire.run("read", "inspector", "filter.blocked") == "1\n"
    wire.run("write", "inspector", "filter.block", "2")
    wire.run("write", "inspector", "filter.allow", "1")
    assert wire.run("read", "inspector", "filter.blocked") == "2\n"
    assert wire.pass_through([asked(SSH), asked(TORRENT)]) == [asked(TORRENT)]
    complaint = wire.run("write", "inspector", "filter.block", "256", status=1)
    assert complaint.endswith("\n'256' is not allowed; allowed: 1 to 255\n")


def test_components_have_commands_and_all_answer(wire: Wire) -> None:
    wire.pass_through([asked(b"plain"), asked(b"other"), to_server(echo(CLIENT, SERVER))])
    assert wire.run("call", "inspector", "analyzer.recognize", "SSH-2.0-x") == "ssh\n"
    assert wire.run("call", "inspector", "analyzer.recognize", "nothing") == "none\n"
    assert wire.run("call", "inspector", "meter.share", "icmp") == "25\n"
    complaint = wire.run("read", "inspector", "flows.top", "many", status=1)
    assert "'many' is no number of flows, 1 or more" in complaint
    complaint = wire.run("call", "inspector", "meter.share", "sctp", status=1)
    assert complaint == (
        "weft: command 'meter.share': 'sctp' is not allowed; allowed: tcp, udp, icmp, arp, other\n"
    )
    assert wire.run("call", "inspector", "flows.forget", "icmp") == "1\n"
    wire.run("write", "inspector", "flows.most", "1")
    assert wire.run("call", "inspector", "flows.forget") == "1\n"
    told = wire.run("check", "inspector").splitlines()[1:]
    assert [line.split()[1:4:2] for line in told] == [
        [part, "alive"]
        for part in ("init", "engine", "check", "analyzer", "filter", "meter", "flows")
    ]
