"""Joining devices of the server: bridges, macvlan, and devices handed over.

The "server" is a namespace of the test's own, so that no device of the machine is touched.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.system.conftest import WEFT
from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

CONFIG = "FromDevice(in) -> c :: Counter -> Queue -> ToDevice(in);\n"


class Server:
    """A server in a namespace, with a cable `eth1` to a neighbour."""

    def __init__(self, weft: Weft, here: Host, neighbour: Host, config: str) -> None:
        self.weft = weft
        self.here = here
        self.neighbour = neighbour
        self.config = config
        here.route.link(
            "add",
            ifname="eth1",
            kind="veth",
            state="up",
            peer={"ifname": "eth1", "net_ns_fd": neighbour.namespace.descriptor},
        )
        neighbour.configure("eth1", "10.8.0.2")

    def __call__(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            ["nsenter", f"--net={NETNS_FOLDER / self.here.name}", *WEFT, *arguments],
            env=self.weft.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    def join(self, target: str, status: int = 0) -> str:
        return self("run", self.config, "-d", "--name", "f", "-i", f"in={target}", status=status)


@pytest.fixture
def server(
    weft: Weft, make_host: Callable[[str], Host], tmp_path_factory: pytest.TempPathFactory
) -> Server:
    config = tmp_path_factory.mktemp("config") / "echo.click"
    config.write_text(CONFIG)
    return Server(weft, make_host("server"), make_host("neighbour"), str(config))


def counted_after_broadcast(server: Server) -> int:
    """Frames that the function has seen once the neighbour asked for an address by ARP."""
    server.neighbour.run(["ping", "-n", "-c", "1", "-W", "1", "10.8.0.99"])
    return int(server("read", "f", "c.count"))


def test_a_device_is_taken_and_comes_back(server: Server) -> None:
    mac = server.here.links()["eth1"]["mac"]
    server.join("eth1:take")
    assert "eth1" not in server.here.links()
    assert counted_after_broadcast(server) >= 1
    server("off", "f")
    assert server.here.links()["eth1"]["mac"] == mac


def test_a_device_comes_back_from_a_failed_start(server: Server) -> None:
    complaint = server("run", server.config, "-d", "-i", "in=eth1:take", "--name", "-", status=2)
    assert "cannot name a function" in complaint
    with open(server.config, "a") as config:  # noqa: PTH123 - a plain name
        config.write("FromDevice(other) -> Discard;\n")
    complaint = server(
        *("run", server.config, "-d", "-i", "in=eth1:take", "-i", "other=nope"), status=1
    )
    assert complaint.startswith("weft: no device 'nope' in this server; there are: lo, eth1")
    assert "eth1" in server.here.links()


def test_the_default_route_is_never_taken(server: Server) -> None:
    server.here.configure("eth1", "10.8.0.1")
    server.here.route.route("add", dst="default", gateway="10.8.0.2")
    assert server.join("eth1:take", status=1) == (
        "weft: device 'eth1' carries the default route of this server; it is not taken\n"
        "weft: hint: leave out `:take` to join it by macvlan: eth1\n"
    )
    assert "eth1" in server.here.links()


def test_an_unused_device_gives_every_frame_by_macvlan(server: Server) -> None:
    server.join("eth1")
    assert "eth1" in server.here.links()
    assert counted_after_broadcast(server) >= 1
    server("off", "f")
    assert set(server.here.links()) == {"eth1"}


def test_a_device_in_use_keeps_working_for_the_host(server: Server) -> None:
    server.here.configure("eth1", "10.8.0.1")
    server.join("eth1")
    pinged = server.neighbour.run(["ping", "-n", "-c", "1", "-W", "2", "10.8.0.1"])
    assert pinged.returncode == 0, pinged.stdout
    assert counted_after_broadcast(server) >= 1


def test_a_bridge_gets_a_port(server: Server) -> None:
    server.here.route.link("add", ifname="br0", kind="bridge", state="up")
    index = server.here.namespace.index_of("br0")
    server.here.route.link("set", index=server.here.namespace.index_of("eth1"), master=index)
    server.join("br0")
    [port] = set(server.here.links()) - {"br0", "eth1"}
    assert port.startswith("wf")
    assert counted_after_broadcast(server) >= 1
    server("off", "f")
    assert set(server.here.links()) == {"br0", "eth1"}


def test_devices_that_cannot_be_joined_are_told(server: Server) -> None:
    server.here.route.link("add", ifname="br0", kind="bridge", state="up")
    index = server.here.namespace.index_of("br0")
    server.here.route.link("set", index=server.here.namespace.index_of("eth1"), master=index)
    assert server.join("lo", status=1) == (
        "weft: device 'lo' is the loopback device; a macvlan needs another\n"
    )
    assert server.join("eth1", status=1).startswith(
        "weft: device 'eth1' is a port of another device already; a macvlan needs a free one\n"
    )
    assert server.join("nope", status=1).startswith("weft: no device 'nope' in this server")
    assert server.join("netns:nope", status=1).startswith("weft: no network namespace 'nope'")
