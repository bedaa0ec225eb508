"""The balancer between a client and real servers, which come, go, and weigh more or less."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.lan import Lan
from tests.support.peers import pinged
from tests.support.running import Running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, FRONT, BACK = "192.0.2.7", "192.0.2.10", "10.0.0.1"
SERVERS = {"one": "10.0.0.2", "two": "10.0.0.3"}
ONE, TWO = SERVERS.values()
PORT = 80


class Service(socketserver.ThreadingTCPServer):
    """A server that answers each line with its name and the address it sees."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: Host, name: str, address: str) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for _ in self.rfile:
                    self.wfile.write(f"{name} {self.client_address[0]}\n".encode())

        with host.namespace.entered():
            super().__init__((address, PORT), Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        self._thread.start()

    def end(self) -> None:
        """Take no more connections."""
        self.shutdown()
        self._thread.join()
        self.server_close()


class Caller:
    """One connection of the client."""

    def __init__(self, host: Host) -> None:
        with host.namespace.entered():
            self._socket = socket.socket()
        self._socket.settimeout(10)
        self._socket.connect((FRONT, PORT))
        self._stream = self._socket.makefile("rw")

    def ask(self) -> str:
        """Who answers, and whom that server sees."""
        self._stream.write("who?\n")
        self._stream.flush()
        return self._stream.readline().strip()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class Site:
    """A client, two servers, the function between them."""

    def __init__(self, weft: Weft, client: Host, lan: Lan) -> None:
        self.weft = weft
        self.client = client
        self._lan = lan
        self.hosts = {name: lan.host(name, address) for name, address in SERVERS.items()}
        self.services = {name: self.serve(name) for name in SERVERS}

    def serve(self, name: str) -> Service:
        return Service(self.hosts[name], name, SERVERS[name])

    def start(self, targets: str, *settings: str, interface: str = "") -> Running:
        interface = interface or f"in=netns:{self.client.name}:eth0"
        joins = ["-i", interface, "-i", f"out=netns:{self._lan.name}:back"]
        every = (f"TARGETS={targets}", "PROBE_INTERVAL=50ms", *settings)
        arguments = [part for setting in every for part in ("--set", setting)]
        self.weft("run", PACKAGE, "-d", "--name", "balancer", *joins, *arguments)
        self._lan.plug("back")
        [row] = self.weft.ps()
        return Running(self.weft, row)

    def lead_back(self) -> None:
        """Have servers answer through the function."""
        self.client.configure("eth0", CLIENT)
        for host in self.hosts.values():
            host.route.route("add", dst="default", gateway=BACK)

    def answers(self, count: int) -> Counter[str]:
        """Who answers so many connections."""
        seen: Counter[str] = Counter()
        for _ in range(count):
            caller = Caller(self.client)
            seen[caller.ask()] += 1
            caller.close()
        return seen

    def close(self) -> None:
        for service in self.services.values():
            service.end()


@pytest.fixture
def site(weft: Weft, make_host: Callable[[str], Host]) -> Iterator[Site]:
    client = make_host("client")
    client.keep_silent()
    made = Site(weft, client, Lan(make_host))
    yield made
    made.close()


def test_connections_are_spread_by_weight_and_stay_where_they_are(site: Site) -> None:
    balancer = site.start(f"{ONE} 3, {TWO}")
    site.lead_back()
    assert pinged(site.client, FRONT)
    callers = [Caller(site.client) for _ in range(8)]
    before = [caller.ask() for caller in callers]
    seen = site.answers(200)
    assert set(seen) == {f"one {CLIENT}", f"two {CLIENT}"}
    assert 120 < seen[f"one {CLIENT}"] < 180

    site.weft("write", "balancer", "balance.add", f"{ONE} 0")
    assert site.answers(20) == {f"two {CLIENT}": 20}
    site.weft("write", "balancer", "balance.remove", ONE)
    site.weft("write", "balancer", "balance.add", f"{ONE} 5")
    site.weft("write", "balancer", "balance.add", f"{TWO} 0")
    assert site.answers(20) == {f"one {CLIENT}": 20}
    assert [caller.ask() for caller in callers] == before
    for caller in callers:
        caller.close()
    assert balancer.read("flows.mapping_failures") == "0"


def marks(balancer: Running) -> dict[str, str]:
    """Whether each target is up."""
    lines = balancer.read("balance.targets").splitlines()
    return {line.split()[0]: line.split()[2] for line in lines}


@pytest.mark.parametrize("probe", ["tcp", "ping"])
def test_a_server_that_fails_gets_no_new_connections_until_it_is_back(
    site: Site, probe: str
) -> None:
    balancer = site.start(f"{ONE}, {TWO}", f"PROBE={probe}")
    site.lead_back()
    wait_until(lambda: "0 0" in balancer.read("prober.status"), False)
    host = site.hosts["one"]
    if probe == "tcp":
        site.services["one"].end()
    else:
        host.run(["ip", "link", "set", "eth0", "down"])
    wait_until(lambda: marks(balancer), {ONE: "down", TWO: "up"})
    assert site.answers(20) == {f"two {CLIENT}": 20}
    if probe == "tcp":
        site.services["one"] = site.serve("one")
    else:
        host.run(["ip", "link", "set", "eth0", "up"])
        host.route.route("add", dst="default", gateway=BACK)
    wait_until(lambda: marks(balancer), {ONE: "up", TWO: "up"})
    assert f"one {CLIENT}" in site.answers(50)
    log = site.weft("logs", "balancer")
    assert f"target {ONE} is down: it has failed 3 times" in log
    assert f"target {ONE} is up: it has answered 2 times" in log


def test_one_armed_servers_need_no_route_back(weft: Weft, make_host: Callable[[str], Host]) -> None:
    """Clients, servers and both interfaces of the function are in one network."""
    lan = Lan(make_host)
    site = Site(weft, lan.host("client", "10.0.0.7"), lan)
    try:
        front = ("FRONT=10.0.0.10/24", f"SOURCE={BACK} 1024-60999", "AFFINITY=source")
        balancer = site.start(f"{ONE}, {TWO}", *front, interface=f"in=netns:{lan.name}:front")
        lan.plug("front")
        with site.client.namespace.entered():
            handle = socket.create_connection(("10.0.0.10", PORT), 10)
        with handle, handle.makefile("rw") as stream:
            stream.write("who?\n")
            stream.flush()
            assert stream.readline().split()[1] == BACK
        assert int(balancer.read("to_clients.count")) > 2
    finally:
        site.close()
