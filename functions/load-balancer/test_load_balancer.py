"""The balancer on capture files, byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.captured import on_files
from tests.support.frames import ACK, SYN, arp, echo, error, ethernet, lowered, tcp, udp

if TYPE_CHECKING:
    from collections.abc import Callable

    Balancer = Callable[..., tuple[list[bytes], list[bytes]]]

PACKAGE = str(Path(__file__).parent)
CLIENT, FRONT, BACK, ONE, TWO = "192.0.2.7", "192.0.2.10", "10.0.0.1", "10.0.0.2", "10.0.0.3"
MACS = {CLIENT: "02:00:00:00:00:07", ONE: "02:00:00:00:00:12", TWO: "02:00:00:00:00:13"}
# On capture files interfaces have these.
FRONT_MAC, BACK_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
UNREACHABLE = 3


def from_client(payload: bytes) -> bytes:
    return ethernet(FRONT_MAC, MACS[CLIENT], 0x0800, payload)


def to_client(payload: bytes) -> bytes:
    return ethernet(MACS[CLIENT], FRONT_MAC, 0x0800, payload)


def from_server(payload: bytes, server: str = ONE) -> bytes:
    return ethernet(BACK_MAC, MACS[server], 0x0800, payload)


def to_server(payload: bytes, server: str = ONE) -> bytes:
    return ethernet(MACS[server], BACK_MAC, 0x0800, payload)


@pytest.fixture
def balancer(tmp_path: Path) -> Balancer:
    """What leaves `in` and `out`, ARP questions aside; what comes from servers comes last."""
    client = arp(2, (MACS[CLIENT], CLIENT), (FRONT_MAC, FRONT))
    servers = [arp(2, (MACS[server], server), (BACK_MAC, BACK)) for server in (ONE, TWO)]

    def run(
        at_in: list[bytes], at_out: list[bytes], targets: str = f"{ONE}, {TWO} 0", *settings: str
    ) -> tuple[list[bytes], list[bytes]]:
        known_in = [ethernet(FRONT_MAC, MACS[CLIENT], 0x0806, client)]
        known_out = [ethernet(BACK_MAC, MACS[ONE], 0x0806, server) for server in servers]
        arriving = {"in": known_in + at_in, "out": known_out + at_out}
        settings = (f"TARGETS={targets}", "PROBE=none", *settings)
        went = on_files(tmp_path, PACKAGE, arriving, *settings)
        told = {name: [frame for frame in went[name] if frame[:6] != b"\xff" * 6] for name in went}
        return told["in"], told["out"]

    return run


OPENING, ANSWER = tcp(CLIENT, FRONT, (4000, 80)), tcp(ONE, CLIENT, (80, 4000), SYN | ACK)


def test_a_flow_goes_to_a_server_and_its_replies_come_from_the_address(balancer: Balancer) -> None:
    assert balancer([from_client(OPENING)], [from_server(ANSWER)]) == (
        [to_client(lowered(tcp(FRONT, CLIENT, (80, 4000), SYN | ACK)))],
        [to_server(lowered(tcp(CLIENT, ONE, (4000, 80))))],
    )


def test_servers_may_have_ports_of_their_own(balancer: Balancer) -> None:
    answer = from_server(tcp(TWO, CLIENT, (8080, 4000), SYN | ACK), TWO)
    assert balancer([from_client(OPENING)], [answer], f"{ONE} 0, {TWO}:8080 7") == (
        [to_client(lowered(tcp(FRONT, CLIENT, (80, 4000), SYN | ACK)))],
        [to_server(lowered(tcp(CLIENT, TWO, (4000, 8080))), TWO)],
    )


def test_with_a_source_of_its_own_servers_answer_to_it(balancer: Balancer) -> None:
    answer = from_server(tcp(ONE, BACK, (80, 1024), SYN | ACK))
    source = f"SOURCE={BACK} 1024-1024"
    assert balancer([from_client(OPENING)], [answer], ONE, source) == (
        [to_client(lowered(tcp(FRONT, CLIENT, (80, 4000), SYN | ACK)))],
        [to_server(lowered(tcp(BACK, ONE, (1024, 80))))],
    )


def test_all_flows_of_a_source_stay_on_one_server(balancer: Balancer) -> None:
    asks = [from_client(tcp(CLIENT, FRONT, (port, 80))) for port in range(4000, 4050)]
    _, at_out = balancer(asks, [], f"{ONE}, {TWO}", "AFFINITY=source")
    assert len(at_out) == 50
    assert len({frame[:6] for frame in at_out}) == 1


@pytest.mark.parametrize(
    "other",
    [
        tcp(CLIENT, FRONT, (4000, 22)),
        udp(CLIENT, FRONT, (4000, 80)),
        tcp(CLIENT, FRONT, (4000, 80), ACK),
        tcp(CLIENT, ONE, (4000, 80)),
        echo(CLIENT, FRONT, kind=0),
        error(CLIENT, FRONT, UNREACHABLE, ANSWER),
        b"\x45" + b"\xff" * 30,
    ],
    ids=["port", "udp", "no-connection", "past", "reply", "error", "bad"],
)
def test_what_is_no_service_is_dropped(balancer: Balancer, other: bytes) -> None:
    assert balancer([from_client(other)], []) == ([], [])


def test_servers_begin_nothing(balancer: Balancer) -> None:
    asks = [tcp(ONE, CLIENT, (4000, 80)), udp(ONE, BACK, (4000, 53)), ANSWER]
    assert balancer([], [from_server(part) for part in asks]) == ([], [])


def test_without_a_server_nothing_begins(balancer: Balancer) -> None:
    assert balancer([from_client(OPENING)], [], f"{ONE} 0") == ([], [])


def test_errors_from_a_server_seem_to_come_from_the_address(balancer: Balancer) -> None:
    told = error(ONE, CLIENT, UNREACHABLE, lowered(tcp(CLIENT, ONE, (4000, 80))))
    at_in, _ = balancer([from_client(OPENING)], [from_server(told)])
    shown = error(FRONT, CLIENT, UNREACHABLE, lowered(OPENING))
    assert at_in == [to_client(lowered(shown))]


def test_both_addresses_answer_arp_and_pings(balancer: Balancer) -> None:
    asks_in = arp(1, (MACS[CLIENT], CLIENT), (ANY_MAC, FRONT))
    asks_out = arp(1, (MACS[ONE], ONE), (ANY_MAC, BACK))
    at_in, at_out = balancer(
        [ethernet(BROADCAST, MACS[CLIENT], 0x0806, asks_in), from_client(echo(CLIENT, FRONT))],
        [ethernet(BROADCAST, MACS[ONE], 0x0806, asks_out), from_server(echo(ONE, BACK))],
    )
    told = arp(2, (FRONT_MAC, FRONT), (MACS[CLIENT], CLIENT))
    assert at_in == [
        ethernet(MACS[CLIENT], FRONT_MAC, 0x0806, told),
        to_client(echo(FRONT, CLIENT, kind=0, ttl=255)),
    ]
    told = arp(2, (BACK_MAC, BACK), (MACS[ONE], ONE))
    assert at_out == [
        ethernet(MACS[ONE], BACK_MAC, 0x0806, told),
        to_server(echo(BACK, ONE, kind=0, ttl=255)),
    ]
