"""The responder: what it answers, byte by byte, and how a real host sees the hosts it stands for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.captured import on_files
from tests.support.frames import arp, echo, ethernet, ipv4, udp
from tests.support.peers import pinged

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, OWN = "10.0.0.1", "10.0.0.9"
CLIENT_MAC, OWN_MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:fe", "02:00:00:00:00:07"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
SETTINGS = (f"ADDRESSES={OWN} 10.0.1.0/24", f"MAC={OWN_MAC}")


def question(address: str) -> bytes:
    asked = arp(1, (CLIENT_MAC, CLIENT), (ANY_MAC, address))
    return ethernet(BROADCAST, CLIENT_MAC, 0x0806, asked)


def to_function(payload: bytes, station: str = OWN_MAC) -> bytes:
    return ethernet(station, CLIENT_MAC, 0x0800, payload)


def answers(folder: Path, *frames: bytes) -> list[bytes]:
    return on_files(folder, PACKAGE, {"eth0": frames}, *SETTINGS)["eth0"]


@pytest.mark.parametrize("address", [OWN, "10.0.1.0", "10.0.1.77", "10.0.1.255"])
def test_it_answers_for_its_addresses(tmp_path: Path, address: str) -> None:
    told = arp(2, (OWN_MAC, address), (CLIENT_MAC, CLIENT))
    reply = echo(address, CLIENT, kind=0, ttl=255)
    assert answers(tmp_path, question(address), to_function(echo(CLIENT, address))) == [
        ethernet(CLIENT_MAC, OWN_MAC, 0x0806, told),
        ethernet(CLIENT_MAC, OWN_MAC, 0x0800, reply),
    ]


FRAGMENT = bytearray(echo(CLIENT, OWN))
FRAGMENT[6:12] = b"\x20\x00" + FRAGMENT[8:10] + (0x46CF).to_bytes(2, "big")


@pytest.mark.parametrize(
    "frame",
    [
        question("10.0.0.8"),
        to_function(echo(CLIENT, "10.0.0.8")),
        to_function(echo(CLIENT, OWN), OTHER_MAC),
        to_function(echo(CLIENT, OWN), BROADCAST),
        to_function(echo(CLIENT, OWN, kind=0)),
        to_function(udp(CLIENT, OWN, (1, 7), b"x")),
        to_function(bytes(FRAGMENT)),
        to_function(ipv4(CLIENT, OWN, 1, b"\x08")),
        to_function(b"\x45" + b"\xff" * 30),
        ethernet(OWN_MAC, CLIENT_MAC, 0x86DD, bytes(40)),
        b"",
    ],
    ids=[
        *("arp-other", "ping-other", "other-station", "broadcast", "reply", "udp"),
        *("fragment", "short", "bad-header", "ipv6", "empty"),
    ],
)
def test_it_is_silent_to_all_else(tmp_path: Path, frame: bytes) -> None:
    assert answers(tmp_path, frame) == []


def test_a_host_sees_the_hosts_it_stands_for(weft: Weft, make_host: Callable[[str], Host]) -> None:
    client = make_host("client")
    weft(
        *("run", PACKAGE, "-d", "--name", "many", "-i", f"eth0=netns:{client.name}:eth0"),
        *("--set", "ADDRESSES=10.0.0.9 10.0.0.64/26"),
    )
    client.configure("eth0", CLIENT)
    for address in (OWN, "10.0.0.64", "10.0.0.127"):
        assert pinged(client, address, "-s", "1472", "-M", "do")
    assert not pinged(client, "10.0.0.130", count=1)

    weft("write", "many", "arp.add", "10.0.0.128 02:00:00:00:00:fe")
    weft("write", "many", "ping.config", "10.0.0.9 10.0.0.128")
    assert pinged(client, "10.0.0.128")
    assert not pinged(client, "10.0.0.64", count=1)

    assert not pinged(client, OWN, "-s", "4000", count=1)
    counts = {
        name: int(weft("read", "many", f"{name}.count"))
        for name in ("answered_ping", "dropped_address", "dropped_fragment", "dropped_other")
    }
    assert counts == {
        "answered_ping": 8,
        "dropped_address": 1,
        "dropped_fragment": 3,
        "dropped_other": 0,
    }
