"""The forwarder: every frame passes, byte by byte, and real hosts do not notice it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.captured import on_files
from tests.support.frames import arp, echo, ethernet, tcp, udp
from tests.support.hosts import between
from tests.support.peers import iperf, pinged
from tests.support.row import send_and_compare
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"


def to_server(payload: bytes, kind: int = 0x0800) -> bytes:
    return ethernet(SERVER_MAC, CLIENT_MAC, kind, payload)


ALL_KINDS = [
    to_server(udp(CLIENT, SERVER, (4000, 5000), b"x")),
    ethernet(BROADCAST, CLIENT_MAC, 0x0806, arp(1, (CLIENT_MAC, CLIENT), (ANY_MAC, SERVER))),
    to_server(echo(CLIENT, SERVER, ttl=0)),
    to_server(b"\x45" + b"\xff" * 30),
    to_server(b"\x00\x07\x08\x00" + udp(CLIENT, SERVER, (1, 2)), 0x8100),
    to_server(b"\x60".ljust(40, b"\0"), 0x86DD),
    to_server(b"", 0x88B5),
    to_server(udp(CLIENT, SERVER, (4000, 5000), bytes(range(256)) * 5)),
    ethernet(CLIENT_MAC, CLIENT_MAC, 0x05FE, b"to itself, and not even a type"),
]


def test_every_frame_passes_as_it_is_both_ways(tmp_path: Path) -> None:
    there, back = ALL_KINDS, ALL_KINDS[::-1]
    assert on_files(tmp_path, PACKAGE, {"in": there, "out": back}) == {"in": back, "out": there}


def test_many_frames_keep_their_order(tmp_path: Path) -> None:
    frames = [to_server(tcp(CLIENT, SERVER, (port, 80))) for port in range(1, 5001)]
    assert on_files(tmp_path, PACKAGE, {"in": frames, "out": []}) == {"in": [], "out": frames}


def test_hosts_do_not_notice_it(weft: Weft, make_host: Callable[[str], Host]) -> None:
    client, server = make_host("client"), make_host("server")
    weft("run", PACKAGE, "-d", "--name", "wire", *between(client, server))
    client.configure("eth0", CLIENT)
    server.configure("eth0", SERVER)
    assert pinged(client, SERVER)
    assert pinged(server, CLIENT, "-s", "1472", "-M", "do")
    send_and_compare(client, server, SERVER, 8 << 20)
    assert iperf(client, server, SERVER, "-n", "8M")["end"]["sum_sent"]["bytes"] >= 8 << 20
    [row] = weft.ps()
    running = Running(weft, row)
    assert int(running.read("forward/to_out.byte_count")) > 8 << 20
    assert int(running.read("forward/to_in.count")) > 8
