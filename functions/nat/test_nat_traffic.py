"""Address translation between real hosts: two inside, and a server outside that has no route to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.lan import Lan
from tests.support.peers import fetch, iperf, pinged, serving
from tests.support.running import Running, wait_until
from tests.support.sockets import datagram_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
ANN, BEN, GATE = "192.168.1.10", "192.168.1.11", "192.168.1.1"
OWN, SERVER = "192.0.2.1", "192.0.2.80"
WEB = ["python3", "-m", "http.server", "-d", PACKAGE, "80"]


class Site:
    """Two hosts inside, a server outside, the function between them."""

    def __init__(self, weft: Weft, make_host: Callable[[str], Host]) -> None:
        self._weft = weft
        self._lan = Lan(make_host, "inside")
        self.ann, self.ben = self._lan.host("ann", ANN), self._lan.host("ben", BEN)
        self.server = make_host("server")
        self.server.keep_silent()

    def start(self, *settings: str) -> Running:
        arguments = [part for setting in settings for part in ("--set", setting)]
        joins = [f"in=netns:{self._lan.name}:nat", f"out=netns:{self.server.name}:eth0"]
        run = ("run", PACKAGE, "-d", "--name", "nat", "-i", joins[0], "-i", joins[1])
        self._weft(*run, *arguments)
        self._lan.plug("nat")
        self.server.configure("eth0", SERVER)
        for host in (self.ann, self.ben):
            host.route.route("add", dst="default", gateway=GATE)
        [row] = self._weft.ps()
        return Running(self._weft, row)


@pytest.fixture
def site(weft: Weft, make_host: Callable[[str], Host]) -> Site:
    return Site(weft, make_host)


def test_programs_inside_reach_a_server_that_sees_one_address(site: Site) -> None:
    nat = site.start()
    with serving(site.server, *WEB, port=80):
        for host in (site.ann, site.ben):
            assert "vnf: nat" in fetch(host, f"http://{SERVER}/vnf.yaml")
    for host in (site.ann, site.ben):
        assert pinged(host, SERVER, "-s", "4000")
        assert pinged(host, GATE)
    assert pinged(site.server, OWN)
    told = iperf(site.ann, site.server, SERVER, "-n", "8M")
    assert told["end"]["sum_sent"]["bytes"] >= 8 << 20
    drops = nat.drops()
    drops.pop("unicast_in: broadcast", None)  # what hosts say to all by themselves
    assert drops == {}
    lines = nat.read("tcp_udp.tcp_table").splitlines()
    assert any(f"({BEN}, " in line and f"=> ({OWN}, " in line for line in lines)
    with (
        datagram_socket(site.ben, BEN, 4000) as ben,
        datagram_socket(site.server, SERVER, 53) as server,
    ):
        ben.sendto(b"?" * 5000, (SERVER, 53))
        data, source = server.recvfrom(6000)
        assert (len(data), source) == (5000, (OWN, 4000))
        server.sendto(b"!" * 5000, source)
        assert ben.recv(6000) == b"!" * 5000


def test_hosts_inside_are_reached_by_the_ports_led_to_them(weft: Weft, site: Site) -> None:
    nat = site.start(f"FORWARD=tcp 8080 {BEN} 80")
    with serving(site.ben, *WEB, port=80):
        assert "vnf: nat" in fetch(site.server, f"http://{OWN}:8080/vnf.yaml")
        refused = site.server.run(["curl", "-s", "-m", "1", f"http://{OWN}/"])
        assert refused.returncode == 28
        assert nat.drops()["tcp_udp: no-mapping"] >= 1
        weft("write", "nat", "forwards.add", f"tcp 80 {BEN}")
        assert "vnf: nat" in fetch(site.server, f"http://{OWN}/vnf.yaml")
    assert nat.read("forwards.rules") == f"tcp 8080 {BEN} 80 [1]\ntcp 80 {BEN} 80 [1]\n"


def test_errors_from_outside_and_from_it_reach_hosts_inside(site: Site) -> None:
    site.start()
    with datagram_socket(site.ann, ANN, 4000) as ann:
        ann.connect((SERVER, 9))
        ann.send(b"anyone?")
        with pytest.raises(ConnectionRefusedError):
            ann.recv(100)
    late = site.ann.run(["ping", "-n", "-c", "1", "-W", "5", "-t", "1", SERVER])
    assert f"From {GATE} icmp_seq=1 Time to live exceeded" in late.stdout


def test_ports_are_used_again_when_flows_have_ended(weft: Weft, site: Site) -> None:
    nat = site.start("PORTS=4000-4001", "UDP_TIMEOUT=1", "GUARANTEE=0")
    with (
        datagram_socket(site.server, SERVER, 53) as server,
        datagram_socket(site.ann, ANN, 4000) as first,
        datagram_socket(site.ann, ANN, 5000) as second,
        datagram_socket(site.ben, BEN, 4000) as third,
    ):
        seen = []
        for host in (first, second):
            host.sendto(b"?", (SERVER, 53))
            seen.append(server.recvfrom(10)[1])
        assert seen == [(OWN, 4000), (OWN, 4001)]
        third.sendto(b"?", (SERVER, 53))
        wait_until(lambda: nat.read("tcp_udp.mapping_failures"), "1")
        wait_until(lambda: nat.read("tcp_udp.size"), "0")
        third.sendto(b"!", (SERVER, 53))
        assert server.recvfrom(10) == (b"!", (OWN, 4000))
    drops = json.loads(weft("read", "nat", "stats"))["elements"]
    [counts] = [element["drops"] for element in drops if element["name"] == "tcp_udp"]
    assert counts == {"mapping-failed": 1}
