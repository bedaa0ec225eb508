"""The proxy: Algorithm 1 on capture files, byte by byte, and between two hosts of a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.captured import on_files
from tests.support.frames import SYN, arp, echo, ethernet, lowered, tcp, udp
from tests.support.lan import Lan
from tests.support.peers import fetch, pinged, serving
from tests.support.sockets import datagram_socket

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
A, B, C, OWN = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9"
A_MAC, B_MAC, C_MAC = (f"02:00:00:00:00:1{number}" for number in (1, 2, 3))
# On capture files the interface has this one.
OWN_MAC, ANY_MAC, BROADCAST = "02:00:00:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
MACS = {A: A_MAC, B: B_MAC, C: C_MAC}
SETTINGS = (f"HOST_A={A}", f"HOST_B={B}", f"ADDRESS={OWN}/24")


def told(host: str) -> bytes:
    """A host's ARP answer to the proxy."""
    return ethernet(OWN_MAC, MACS[host], 0x0806, arp(2, (MACS[host], host), (OWN_MAC, OWN)))


def asked(host: str) -> bytes:
    """The proxy's ARP question for a host."""
    return ethernet(BROADCAST, OWN_MAC, 0x0806, arp(1, (OWN_MAC, OWN), (ANY_MAC, host)))


def from_host(host: str, payload: bytes) -> bytes:
    return ethernet(OWN_MAC, MACS[host], 0x0800, payload)


def to_host(host: str, payload: bytes) -> bytes:
    return ethernet(MACS[host], OWN_MAC, 0x0800, payload)


def sent(folder: Path, *frames: bytes, settings: tuple[str, ...] = ()) -> list[bytes]:
    known = [told(A), told(B), told(C)]
    return on_files(folder, PACKAGE, {"eth0": [*known, *frames]}, *SETTINGS, *settings)["eth0"]


def test_what_one_host_says_goes_to_the_other(tmp_path: Path) -> None:
    request = from_host(A, udp(A, OWN, (4000, 5000), b"request"))
    reply = from_host(B, udp(B, OWN, (5000, 4000), b"reply"))
    assert sent(tmp_path, request, reply) == [
        to_host(B, lowered(udp(A, B, (4000, 5000), b"request"))),
        to_host(A, lowered(udp(B, A, (5000, 4000), b"reply"))),
    ]


def test_the_proxy_asks_for_a_host_it_does_not_know(tmp_path: Path) -> None:
    request = from_host(A, udp(A, OWN, (4000, 5000), b"request"))
    went = on_files(tmp_path, PACKAGE, {"eth0": [request, told(B)]}, *SETTINGS)["eth0"]
    assert went == [asked(B), to_host(B, lowered(udp(A, B, (4000, 5000), b"request")))]


@pytest.mark.parametrize("size", [22, 1472])
def test_it_is_the_source_that_decides(tmp_path: Path, size: int) -> None:
    data = bytes(size)
    past = from_host(A, udp(A, C, (4000, 5000), data))
    assert sent(tmp_path, past) == [to_host(B, lowered(udp(A, B, (4000, 5000), data)))]
    opening = from_host(B, tcp(B, OWN, (4000, 80), SYN))
    assert sent(tmp_path, opening) == [to_host(A, lowered(tcp(B, A, (4000, 80), SYN)))]


def test_with_a_source_of_its_own_answers_come_back_to_it(tmp_path: Path) -> None:
    ping = from_host(A, echo(A, OWN))
    went = sent(tmp_path, ping, settings=(f"SOURCE={OWN}",))
    assert went == [to_host(B, lowered(echo(OWN, B)))]


def test_other_hosts_may_ping_it_and_no_more(tmp_path: Path) -> None:
    question = arp(1, (C_MAC, C), (ANY_MAC, OWN))
    went = sent(
        tmp_path,
        ethernet(BROADCAST, C_MAC, 0x0806, question),
        from_host(C, echo(C, OWN)),
        from_host(C, udp(C, OWN, (1, 2))),
        from_host(A, udp(A, OWN, (1, 2)))[:20],
        ethernet(C_MAC, A_MAC, 0x0800, udp(A, C, (1, 2))),
        from_host(A, b"\x60" + bytes(39)),
    )
    assert went == [
        ethernet(C_MAC, OWN_MAC, 0x0806, arp(2, (OWN_MAC, OWN), (C_MAC, C))),
        to_host(C, echo(OWN, C, kind=0, ttl=255)),
    ]


def test_hosts_beyond_a_router_are_reached_through_it(tmp_path: Path) -> None:
    request = from_host(A, udp(A, OWN, (1, 2)))
    went = sent(tmp_path, request, settings=("HOST_B=192.0.2.7", f"GATEWAY={C}"))
    assert went == [to_host(C, lowered(udp(A, "192.0.2.7", (1, 2))))]


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Lan, Host, Host]:
    lan = Lan(make_host)
    return lan, lan.host("a", A), lan.host("b", B)


def start(weft: Weft, lan: Lan, *settings: str) -> None:
    arguments = [part for setting in (*SETTINGS, *settings) for part in ("--set", setting)]
    interface = f"eth0=netns:{lan.name}:proxy"
    weft("run", PACKAGE, "-d", "--name", "proxy", "-i", interface, *arguments)
    lan.plug("proxy")


def test_two_scripts_talk_through_it_up_to_the_longest_datagrams(
    weft: Weft,
    pair: tuple[Lan, Host, Host],
) -> None:
    lan, a, b = pair
    start(weft, lan)
    with datagram_socket(a, A, 4000) as caller, datagram_socket(b, B, 5000) as called:
        for size in (22, 1472, 4000, 65507):
            request, reply = b"?" * size, b"!" * size
            caller.sendto(request, (OWN, 5000))
            assert called.recvfrom(70000) == (request, (A, 4000))
            called.sendto(reply, (OWN, 4000))
            assert caller.recvfrom(70000) == (reply, (B, 5000))
    counts = [int(weft("read", "proxy", f"{way}.count")) for way in ("a_to_b", "b_to_a")]
    assert counts == [50, 50]


def test_any_client_reaches_the_other_host(
    weft: Weft,
    pair: tuple[Lan, Host, Host],
    tmp_path: Path,
) -> None:
    lan, a, b = pair
    start(weft, lan, f"SOURCE={OWN}")
    assert pinged(a, OWN, "-s", "8000")
    assert pinged(b, OWN)
    (tmp_path / "page").write_text("page of B\n" * 100_000)
    web = ["python3", "-m", "http.server", "-d", str(tmp_path), "80"]
    with serving(b, *web, port=80):
        assert fetch(a, f"http://{OWN}/page") == "page of B\n" * 100_000
