"""The router between real hosts: ping, traceroute, curl, long datagrams, a thousand routes, changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.peers import fetch, iperf, pinged, serving
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
SIDES = {"lan": 0, "wan": 1, "dmz": 2}
FAR = "10.200.3.1"


class Network:
    """A host at each interface of the router, `10.0.N.7`, whose default route it is."""

    def __init__(self, weft: Weft, make_host: Callable[[str], Host]) -> None:
        self.weft = weft
        self.hosts = {side: make_host(side) for side in SIDES}

    def start(self, *settings: str) -> None:
        """Run the router, and join the hosts to it."""
        joins = [f"--interface={side}=netns:{self.hosts[side].name}:eth0" for side in SIDES]
        given = [word for setting in settings for word in ("--set", setting)]
        self.weft("run", PACKAGE, "-d", "--name", "router", *joins, *given)
        for side, number in SIDES.items():
            host = self.hosts[side]
            host.configure("eth0", f"10.0.{number}.7")
            host.route.route("add", dst="default", gateway=f"10.0.{number}.1")
        self.running = Running(self.weft, self.weft.ps()[0])

    def read(self, handler: str) -> str:
        return self.running.read(f"router/{handler}")

    def lives_at_wan(self, *addresses: str) -> None:
        """Addresses that the host at `wan` has behind itself."""
        host = self.hosts["wan"]
        index = host.namespace.index_of("lo")
        host.route.link("set", index=index, state="up")
        for address in addresses:
            host.route.addr("add", index=index, address=address, prefixlen=32)


@pytest.fixture
def network(weft: Weft, make_host: Callable[[str], Host]) -> Network:
    return Network(weft, make_host)


def test_hosts_reach_one_another_and_see_the_router(network: Network) -> None:
    network.start("MTU=1400")
    lan, dmz = network.hosts["lan"], network.hosts["dmz"]
    assert pinged(lan, "10.0.1.7")
    assert pinged(dmz, "10.0.0.7")
    assert pinged(lan, "10.0.2.1")
    assert pinged(lan, "10.0.1.7", "-s", "4000", "-M", "dont")
    refused = lan.run(["ping", "-c", "1", "-W", "2", "-s", "1372", "-M", "do", "10.0.2.7"])
    assert refused.returncode == 0, refused.stdout
    refused = lan.run(["ping", "-c", "1", "-W", "2", "-s", "1373", "-M", "do", "10.0.2.7"])
    assert "From 10.0.0.1" in refused.stdout + refused.stderr
    assert "mtu = 1400" in refused.stdout + refused.stderr
    hops = lan.run(["traceroute", "-n", "-q", "1", "-w", "2", "10.0.1.7"])
    ways = [line.split()[:2] for line in hops.stdout.splitlines()[1:]]
    assert ways == [["1", "10.0.0.1"], ["2", "10.0.1.7"]]
    nowhere = lan.run(["ping", "-c", "1", "-W", "2", "203.0.113.1"])
    assert "From 10.0.0.1 icmp_seq=1 Destination Net Unreachable" in nowhere.stdout
    assert network.read("told_unreachable.count") == "1"


def test_tcp_finds_its_own_length_through_it(network: Network) -> None:
    network.start("MTU=1300")
    lan, dmz = network.hosts["lan"], network.hosts["dmz"]
    with serving(dmz, "python3", "-m", "http.server", "80", "--directory", PACKAGE, port=80):
        page = fetch(lan, "http://10.0.2.7/router.click")
    assert page == (Path(PACKAGE) / "router.click").read_text()
    told = iperf(lan, dmz, "10.0.2.7", "-n", "4M")
    assert told["end"]["sum_sent"]["bytes"] >= 4 << 20
    assert (
        int(network.read("lan/told_too_big.count")) + int(network.read("dmz/told_too_big.count"))
        >= 1
    )


def test_a_thousand_routes_and_their_changes(network: Network, tmp_path: Path) -> None:
    lines = [f"10.{100 + i // 250}.{i % 250}.0/24 via 10.0.1.7" for i in range(1000)]
    (tmp_path / "routes.txt").write_text("\n".join(lines))
    network.start(f"ROUTES={tmp_path}/routes.txt")
    network.lives_at_wan("10.100.0.1", "10.101.7.1", "10.103.249.1", FAR)
    lan, weft = network.hosts["lan"], network.weft
    assert len(network.read("rt.routes").splitlines()) == 1000
    for address in ("10.100.0.1", "10.101.7.1", "10.103.249.1"):
        assert pinged(lan, address), address
    assert not pinged(lan, FAR, count=1)

    weft("write", "router", "router/rt.add", "10.200.0.0/16 via 10.0.1.7")
    assert pinged(lan, FAR)
    assert weft("read", "router", "router/rt.lookup", FAR) == "via 10.0.1.7 dev wan\n"
    wrong = weft(
        "write", "router", "router/rt.ctrl", "remove 10.200.0.0/16\nadd x dev lan", status=1
    )
    assert "line 2: 'x' is no network, as in 10.1.0.0/16" in wrong
    assert pinged(lan, FAR)
    weft("write", "router", "router/rt.remove", "10.200.0.0/16")
    assert not pinged(lan, FAR, count=1)

    weft("write", "router", "router/rt.routes", f"default via 10.0.1.7\n{FAR} unreachable\n")
    assert pinged(lan, "10.103.249.1")
    assert not pinged(lan, FAR, count=1)
    assert network.read("rt.routes") == f"0.0.0.0/0 via 10.0.1.7 dev wan\n{FAR}/32 unreachable\n"

    (tmp_path / "others.txt").write_text(f"{FAR} via 10.0.1.7\n")
    weft("configure", "router", f"ROUTES={tmp_path}/others.txt")
    assert pinged(lan, FAR)
    assert network.read("rt.routes") == f"{FAR}/32 via 10.0.1.7 dev wan\n"


def test_routes_that_cannot_be_stop_the_start(network: Network, tmp_path: Path) -> None:
    (tmp_path / "routes.txt").write_text("10.1.0.0/16 via 10.9.0.1\n10.2.0.0/16 dev outside\n")
    joins = [f"--interface={side}=netns:{network.hosts[side].name}:eth0" for side in SIDES]
    file = f"ROUTES={tmp_path}/routes.txt"
    told = network.weft("run", PACKAGE, "-d", *joins, "--set", file, status=1)
    there = "10.0.0.0/24 (lan), 10.0.1.0/24 (wan), 10.0.2.0/24 (dmz)"
    assert f"given/ROUTES:1: 10.9.0.1 is no neighbour; allowed: hosts of {there}" in told
    assert "given/ROUTES:2: no interface 'outside'; allowed: lan, wan, dmz" in told
    assert network.weft.folders() == []
