"""Path MTU discovery through a classifier, judged by Linux as the sender."""

from __future__ import annotations

import errno
import json
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.row import until
from tests.system.test_service_functions import gate  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from tests.support.hosts import Host
    from tests.system.test_service_functions import Gate

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, NEVER, ALWAYS = 10, 23, 0, 2
FAR_MAC = "02:00:00:00:00:0c"
FAR = {4: "10.9.0.2", 6: "fd66::2"}
CLASSIFIER = """\
nsh:
  role: classifier
  mac: "02:00:00:00:0a:01"
  icmp: {address: 10.9.0.9, address6: "fd66::9"}
  rules:
    - {match: "-", spi: 10}
"""


def configured(host: Host) -> None:
    """Addresses of both versions, and a neighbour behind the classifier that need not be asked for."""
    host.configure("eth0", "10.9.0.1")
    for command in (
        "sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0",
        "ip addr add fd66::1/64 dev eth0 nodad",
        *(f"ip neigh replace {far} lladdr {FAR_MAC} dev eth0" for far in FAR.values()),
    ):
        done = host.run(command.split())
        assert done.returncode == 0, (command, done.stderr)


def datagram_socket(host: Host, version: int, discover: int) -> socket.socket:
    family, level, option = {
        4: (socket.AF_INET, socket.IPPROTO_IP, IP_MTU_DISCOVER),
        6: (socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER),
    }[version]
    with host.namespace.entered():
        handle = socket.socket(family, socket.SOCK_DGRAM)
    handle.setsockopt(level, option, discover)
    handle.connect((FAR[version], 9))
    return handle


def path_mtu(host: Host, version: int) -> int | None:
    """What the host has learnt about the path, as `ip route get` shows it."""
    (route,) = json.loads(host.run(["ip", "-j", "route", "get", FAR[version]]).stdout)
    metrics = route.get("metrics", [{}])
    mtu: int | None = metrics[0].get("mtu")
    return mtu


def payload_at_far_side(gate: Gate, data: bytes) -> bytes:  # noqa: F811
    """The next frame that leaves the classifier and ends with this."""
    while not (frame := gate.ends[1].recv(65536)).endswith(data):
        pass
    return frame


@pytest.mark.parametrize("version", [4, 6])
def test_a_sender_learns_the_path_mtu(gate: Gate, version: int) -> None:  # noqa: F811
    gate.start(CLASSIFIER)
    configured(gate.left)
    headers = 28 if version == 4 else 48
    with datagram_socket(gate.left, version, ALWAYS) as sender:
        assert path_mtu(gate.left, version) is None
        sender.send(bytes(1500 - headers))
        until(lambda: sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EMSGSIZE)
        assert path_mtu(gate.left, version) == 1462
        with pytest.raises(OSError, match="Message too long"):
            sender.send(bytes(1463 - headers))
        data = bytes(n % 251 for n in range(1462 - headers))
        sender.send(data)
        assert len(payload_at_far_side(gate, data)) == 14 + 1500
    assert gate.read("in/icmp.answers") == "1"


def test_what_may_be_fragmented_is_dropped_and_counted(gate: Gate) -> None:  # noqa: F811
    gate.start(CLASSIFIER)
    configured(gate.left)
    with datagram_socket(gate.left, 4, NEVER) as sender:
        sender.send(bytes(1463 - 28))
        sender.send(b"short enough")
        payload_at_far_side(gate, b"short enough")
    assert gate.read("nsh.drops") == "mtu 1"
    assert gate.read("in/icmp.drops") == "mtu 1"
    assert gate.read("in/icmp.answers") == "0"
    assert path_mtu(gate.left, 4) is None
