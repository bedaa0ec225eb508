"""VXLAN-GPE and answers to packets too big, judged by Linux: hosts that speak them themselves."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.row import MACS, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.support.row import Engine

IP_MTU, IP_MTU_DISCOVER, ALWAYS = 14, 10, 2
IPV6_MTU, IPV6_MTU_DISCOVER = 24, 23
OURS = "02:00:00:00:00:0a"

# What answers pings that come in VXLAN-GPE, over either version of IP.
RESPONDER = """
in :: FromDevice(a1, PROMISC true) -> c :: Classifier({kind}, -);
c [0] -> Strip(14) -> MarkIPHeader -> down :: VXLANGPEDecap(7, NEXT ipv4) -> CheckIPHeader
    -> here :: ICMPPingResponder
    -> up :: VXLANGPEEncap({ours}, {theirs}, 7, NEXT ipv4, MTU 1500)
    -> EtherEncap(0x{type}, {mac}, {peer}) -> Queue -> ToDevice(a1);
c [1] -> Discard;
"""


def configured(host: Host, *commands: str) -> None:
    for command in commands:
        done = host.run(command.split())
        assert done.returncode == 0, (command, done.stderr)


def speaking_ipv6(host: Host) -> None:
    """Addresses on device `a`, and a neighbour that need not be asked for."""
    configured(
        host,
        "sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.a.disable_ipv6=0",
        "ip addr add fd66::1/64 dev a nodad",
        f"ip neigh replace fd66::2 lladdr {OURS} dev a",
    )


@pytest.mark.parametrize("version", [4, 6])
def test_linux_and_we_understand_each_other_in_vxlan_gpe(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], version: int
) -> None:
    left, middle, _ = hosts
    speaking_ipv6(left)
    ours, theirs, kind, encap = {
        4: ("10.66.0.2", "10.66.0.1", "0800", "ip"),
        6: ("fd66::2", "fd66::1", "86dd", "ip6"),
    }[version]
    configured(
        left,
        f"ip neigh replace 10.66.0.2 lladdr {OURS} dev a",
        "ip link add gpe type vxlan dstport 4790 gpe external",
        "ip link set gpe up",
        "ip addr add 10.9.0.1/32 dev gpe",
        f"ip route add 10.9.0.2/32 src 10.9.0.1 encap {encap} id 7 dst {ours} dev gpe",
    )
    config = RESPONDER.format(
        kind=f"12/{kind}", type=kind, ours=ours, theirs=theirs, mac=OURS, peer=MACS["a"]
    )
    engine = start(middle, config)
    done = left.run(["ping", "-c", "3", "-i", "0.2", "-s", "1000", "-W", "10", "10.9.0.2"])
    assert done.returncode == 0, (done.stdout, engine.read("down.drops"), engine.stop())
    assert "3 received" in done.stdout
    assert engine.count("up.icounts") == 3


@pytest.mark.parametrize("version", [4, 6])
def test_a_sender_learns_how_long_packets_may_be(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], version: int
) -> None:
    left, middle, _ = hosts
    speaking_ipv6(left)
    configured(left, f"ip neigh replace 10.66.0.2 lladdr {OURS} dev a")
    engine = start(
        middle,
        "in :: FromDevice(a1, PROMISC true) -> c :: NSHClassifier(- => SPI 10, MTU 1500);"
        "c [0] -> ok :: Counter -> Discard;"
        "c [1] -> Discard;"
        "c [2] -> big :: PacketTooBig(10.66.0.9, fd66::9, MTU 1462) -> Queue -> ToDevice(a1);",
    )
    family, level, discover, mtu, address = {
        4: (socket.AF_INET, socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_MTU, "10.66.0.2"),
        6: (socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_MTU, "fd66::2"),
    }[version]
    headers = 28 if version == 4 else 48
    with left.namespace.entered():
        sender = socket.socket(family, socket.SOCK_DGRAM)
    with sender:
        sender.setsockopt(level, discover, ALWAYS)
        sender.connect((address, 9))
        assert sender.getsockopt(level, mtu) == 1500
        sender.send(bytes(1500 - headers))
        until(lambda: sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.EMSGSIZE)
        assert sender.getsockopt(level, mtu) == 1462
        assert engine.count("big.answers") == 1
        with pytest.raises(OSError, match="Message too long"):
            sender.send(bytes(1463 - headers))
        before = engine.count("ok.count")
        sender.send(bytes(1462 - headers))
        until(lambda: engine.count("ok.count") > before)
    assert engine.count("big.answers") == 1
