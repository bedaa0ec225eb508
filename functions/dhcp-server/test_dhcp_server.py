"""The DHCP server and real clients: what hosts are given, who has what, and what outlasts a restart."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import ethernet, udp
from tests.support.peers import inside, pinged
from tests.support.running import Running, wait_until
from tests.support.sockets import packet_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT = ["busybox", "udhcpc", "-i", "eth0", "-f", "-n", "-t", "8", "-T", "1", "-s"]
SCRIPT = """#!/bin/sh
[ "$1" = deconfig ] && { ip addr flush dev "$interface"; exit; }
ip addr replace "$ip/$mask" dev "$interface"
echo "$ip $mask $router $dns $lease $domain" > "$0.told"
"""


def is_idle(pid: int) -> bool:
    """Whether a process has ended what it started, and waits: a client heeds nothing before that."""
    process = Path(f"/proc/{pid}")
    busy = (process / "task" / str(pid) / "children").read_text().strip()
    return not busy and (process / "stat").read_text().rpartition(")")[2].split()[0] == "S"


class Server:
    """The function, and a host that has no address yet."""

    def __init__(self, weft: Weft, host: Host, folder: Path) -> None:
        self.weft = weft
        self.host = host
        self.script = folder / "script"
        self.script.write_text(SCRIPT)
        self.script.chmod(0o755)
        self.told = folder / "script.told"

    def start(self, *settings: str) -> None:
        """Run it with these settings."""
        given = [word for setting in settings for word in ("--set", setting)]
        join = f"lan=netns:{self.host.name}:eth0"
        self.weft("run", PACKAGE, "-d", "--name", "dhcp", "-i", join, *given)
        self.host.route.link("set", index=self.host.namespace.index_of("eth0"), state="up")
        self.running = Running(self.weft, self.weft.ps()[0])

    def ask(self, *options: str) -> list[str]:
        """What a client is told: its address, prefix length, router, name servers, lease, domain."""
        self.told.unlink(missing_ok=True)
        done = self.host.run([*CLIENT, str(self.script), "-q", *options])
        assert done.returncode == 0, done.stderr
        return self.told.read_text().split()

    def ask_and_release(self) -> None:
        """A client that takes an address and gives it back when it is told to."""
        self.told.unlink(missing_ok=True)
        command = inside(self.host, [*CLIENT, str(self.script)])
        client = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: self.told.exists() and is_idle(client.pid), True)
            # It drops its address right after: what still waits for an ARP reply then is never sent.
            assert pinged(self.host, "10.0.0.2")
            client.send_signal(signal.SIGUSR2)
            wait_until(lambda: self.read("messages")["release"], 1)
        finally:
            client.kill()
            client.wait()

    def read(self, handler: str) -> Any:
        return json.loads(self.weft("read", "dhcp", f"leases.{handler}"))

    @property
    def mac(self) -> str:
        found: str = self.host.links()["eth0"]["mac"]
        return found

    def leases(self) -> list[tuple[str, str, str]]:
        rows = self.read("table")
        assert all(row["seconds"] is None or row["seconds"] > 0 for row in rows)
        return [(row["address"], row["mac"], row["name"]) for row in rows]

    def kill(self, component: str) -> None:
        """End a component's process, and return when another is there."""
        before = self.running.component(component)
        assert before.pid is not None
        os.kill(before.pid, signal.SIGKILL)

        def again() -> bool:
            now = self.running.component(component)
            return now.state == "ready" and now.restarts != before.restarts

        wait_until(again, True)


@pytest.fixture
def server(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Server:
    host = make_host("lan")
    host.keep_silent()
    return Server(weft, host, tmp_path)


def test_a_host_gets_an_address_and_all_that_belongs_to_it(server: Server) -> None:
    server.start()
    address, *told = server.ask("-x", "hostname:printer")
    assert re.fullmatch(r"10\.0\.0\.1\d\d", address)
    assert told == ["24", "10.0.0.254", "10.0.0.254", "3600", "lan"]
    assert pinged(server.host, "10.0.0.2")
    assert server.leases() == [(address, server.mac, "printer")]
    assert (server.read("count"), server.read("free")) == (1, 99)
    messages = server.read("messages")
    assert all(messages[name] >= 1 for name in ("discover", "offer", "request", "ack")), messages

    assert server.ask("-r", address)[0] == address
    server.ask_and_release()
    assert server.leases() == []


def test_hosts_cannot_say_who_has_which_address(server: Server) -> None:
    server.start()
    forged = bytearray(240)
    forged[16:20] = bytes([10, 0, 0, 150])
    forged[28:34] = bytes.fromhex("0200000000aa")
    forged[236:240] = bytes.fromhex("63825363")
    lease, message_type = bytes([51, 4]) + bytes([0xFF] * 4), bytes([53, 1])
    with packet_socket(server.host) as host:
        for kind in (5, 8):  # ack, inform
            message = bytes(forged) + lease + message_type + bytes([kind, 255])
            datagram = udp("10.0.0.9", "10.0.0.2", (68, 67), message)
            host.send(ethernet("ff:ff:ff:ff:ff:ff", "02:00:00:00:00:aa", 0x0800, datagram))
    wait_until(lambda: server.read("messages")["inform"], 1)
    assert (server.read("messages")["ack"], server.leases()) == (0, [])


def test_parameters_and_hosts_with_addresses_of_their_own(server: Server, tmp_path: Path) -> None:
    host = server.host
    (tmp_path / "hosts").write_text("02:00:00:00:00:77,172.16.5.9,printer,infinite\n")
    server.start(
        *("ADDRESS=172.16.5.1/20", "FIRST=172.16.6.0", "LAST=172.16.6.0", "GATEWAY=172.16.5.2"),
        *("DNS=172.16.5.3,172.16.5.4", "LEASE_TIME=45m", "DOMAIN=example.org"),
        f"HOSTS={tmp_path}/hosts",
    )
    told = server.ask()
    names = ["172.16.5.3", "172.16.5.4"]
    assert told == ["172.16.6.0", "20", "172.16.5.2", *names, "2700", "example.org"]
    assert server.read("free") == 0
    index = host.namespace.index_of("eth0")
    host.route.link("set", index=index, state="down")
    host.route.link("set", index=index, address="02:00:00:00:00:77", state="up")
    assert server.ask()[0] == "172.16.5.9"
    assert [row["seconds"] is None for row in server.read("table")] == [True, False]


def test_leases_outlast_restarts(server: Server) -> None:
    server.start()
    address = server.ask()[0]
    server.kill("server")
    server.kill("leases")
    assert server.leases() == [(address, server.mac, "")]
    assert server.ask()[0] == address
    server.weft("stop", "dhcp")
    server.weft("start", "dhcp")
    assert server.leases() == [(address, server.mac, "")]
    assert server.ask()[0] == address


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            ["FIRST=10.0.1.1"],
            "FIRST: '10.0.1.1' is not of the network; allowed: hosts of 10.0.0.0/24",
        ),
        (["LAST=10.0.0.9"], "LAST: '10.0.0.9' is before FIRST, '10.0.0.100'"),
        (["GATEWAY=10.0.0.150"], "GATEWAY: '10.0.0.150' is of the pool, 10.0.0.100 to 10.0.0.199"),
        (["LEASE_TIME=soon"], "LEASE_TIME: 'soon'; allowed: as in 45m, 12h or infinite"),
        (["DNS=a"], "Expected 4 octets in 'a'; allowed: IPv4 addresses"),
        (["DOMAIN=-x y"], "DOMAIN: '-x y' is no domain"),
    ],
)
def test_what_makes_no_sense_is_told_in_the_log(
    server: Server, settings: list[str], complaint: str
) -> None:
    server.start(*settings)
    wait_until(lambda: f"dhcp-server: {complaint}\n" in server.weft("logs", "dhcp"), True)
