"""The firewall between two real hosts: programs work from inside, and nothing gets in from outside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from tests.support.peers import fetch, iperf, pinged, serving
from tests.support.row import send_and_compare
from tests.support.running import Running, wait_until
from tests.support.sockets import datagram_socket

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
WEB = ["python3", "-m", "http.server", "-d", PACKAGE, "80"]


class Site:
    """A client inside, a server outside, the firewall between them."""

    def __init__(self, weft: Weft, client: Host, server: Host) -> None:
        self._weft = weft
        self.client, self.server = client, server

    def start(self, *settings: str) -> Running:
        arguments = [part for setting in settings for part in ("--set", setting)]
        joins = between(self.client, self.server)
        self._weft("run", PACKAGE, "-d", "--name", "wall", *joins, *arguments)
        self.client.configure("eth0", CLIENT)
        self.server.configure("eth0", SERVER)
        [row] = self._weft.ps()
        return Running(self._weft, row)


@pytest.fixture
def site(weft: Weft, make_host: Callable[[str], Host]) -> Site:
    client, server = make_host("client"), make_host("server")
    client.keep_silent()
    server.keep_silent()
    return Site(weft, client, server)


@pytest.fixture
def ends(site: Site) -> Iterator[tuple[socket.socket, socket.socket]]:
    """Sockets of both hosts, once they have addresses."""
    site.start("UDP_TIMEOUT=1", "GUARANTEE=0")
    with (
        datagram_socket(site.client, CLIENT, 4000) as client,
        datagram_socket(site.server, SERVER, 53) as server,
    ):
        yield client, server


def test_programs_inside_reach_servers_outside_and_not_the_other_way(site: Site) -> None:
    wall = site.start()
    with serving(site.server, *WEB, port=80):
        assert "stateful-firewall" in fetch(site.client, f"http://{SERVER}/vnf.yaml")
    assert pinged(site.client, SERVER, "-s", "4000")
    send_and_compare(site.client, site.server, SERVER, 8 << 20)
    assert (
        iperf(site.client, site.server, SERVER, "-n", "8M")["end"]["sum_sent"]["bytes"] >= 8 << 20
    )
    with serving(site.client, *WEB, port=80):
        refused = site.server.run(["curl", "-s", "-m", "1", f"http://{CLIENT}/"])
    assert refused.returncode == 28
    assert not pinged(site.server, CLIENT, count=1)
    assert int(wall.read("dropped_unasked.count")) >= 2
    assert f"({SERVER}, 5201, {CLIENT}, " in wall.read("tcp_udp.tcp_table")
    assert f"({CLIENT}, {SERVER}, " in wall.read("pings.table")
    assert wall.drops() == {}


def test_long_datagrams_pass_whole_both_ways(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    for size in (10, 1472, 1473, 65507):
        client.sendto(b"?" * size, (SERVER, 53))
        data, source = server.recvfrom(70000)
        assert (len(data), source) == (size, (CLIENT, 4000))
        server.sendto(b"!" * size, source)
        assert client.recv(70000) == b"!" * size


def test_a_flow_that_is_silent_ends(weft: Weft, ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    client.sendto(b"?", (SERVER, 53))
    assert server.recv(100) == b"?"
    [row] = weft.ps()
    wall = Running(weft, row)
    wait_until(lambda: wall.read("tcp_udp.size"), "0")
    server.sendto(b"late", (CLIENT, 4000))
    wait_until(lambda: wall.read("dropped_unasked.count"), "1")
    client.sendto(b"?", (SERVER, 53))
    server.recv(100)
    server.sendto(b"in time", (CLIENT, 4000))
    assert client.recv(100) == b"in time"


def test_flows_can_be_ended_by_hand(weft: Weft, site: Site) -> None:
    wall = site.start()
    with (
        datagram_socket(site.client, CLIENT, 4000) as client,
        datagram_socket(site.server, SERVER, 53) as server,
    ):
        client.sendto(b"?", (SERVER, 53))
        server.recv(100)
        assert weft("read", "wall", "tcp_udp.size") == "1\n"
        weft("write", "wall", "tcp_udp.clear", "")
        server.sendto(b"!", (CLIENT, 4000))
        wait_until(lambda: wall.read("dropped_unasked.count"), "1")


def test_a_port_that_is_closed_is_told(site: Site) -> None:
    wall = site.start()
    with datagram_socket(site.client, CLIENT, 4000) as client:
        client.connect((SERVER, 9))
        client.send(b"anyone?")
        with pytest.raises(ConnectionRefusedError):
            client.recv(100)
    assert wall.read("passed_errors_in.count") == "1"


def test_new_rules_are_for_new_flows(weft: Weft, site: Site) -> None:
    site.start()
    with (
        datagram_socket(site.client, CLIENT, 4000) as client,
        datagram_socket(site.server, SERVER, 53) as server,
    ):
        client.sendto(b"1", (SERVER, 53))
        assert server.recv(100) == b"1"
        weft("write", "wall", "rules_in.config", "0 icmp, 1 all")
        client.sendto(b"2", (SERVER, 53))
        assert server.recv(100) == b"2"
        with datagram_socket(site.client, CLIENT, 4001) as other:
            other.sendto(b"3", (SERVER, 53))
            wait_until(lambda: weft("read", "wall", "dropped_not_allowed.count"), "1\n")
