"""Address translation on capture files, byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.captured import on_files
from tests.support.frames import ACK, SYN, arp, echo, error, ethernet, ipv4, lowered, tcp, udp

if TYPE_CHECKING:
    from collections.abc import Callable

    Nat = Callable[..., tuple[list[bytes], list[bytes]]]

PACKAGE = str(Path(__file__).parent)
ANN, BEN, GATE, OWN, SERVER, ROUTER = (
    *("192.168.1.10", "192.168.1.11", "192.168.1.1"),
    *("192.0.2.1", "192.0.2.80", "192.0.2.9"),
)
MACS = {ANN: "02:00:00:00:00:10", BEN: "02:00:00:00:00:11", SERVER: "02:00:00:00:00:80"}
MACS |= {ROUTER: "02:00:00:00:00:09"}
# On capture files interfaces have these.
GATE_MAC, OWN_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
UNREACHABLE, TIME_EXCEEDED = 3, 11
KNOWN_IN = [
    ethernet(GATE_MAC, MACS[host], 0x0806, arp(2, (MACS[host], host), (GATE_MAC, GATE)))
    for host in (ANN, BEN)
]
KNOWN_OUT = [
    ethernet(OWN_MAC, MACS[host], 0x0806, arp(2, (MACS[host], host), (OWN_MAC, OWN)))
    for host in (SERVER, ROUTER)
]


def from_inside(payload: bytes, host: str = ANN) -> bytes:
    return ethernet(GATE_MAC, MACS[host], 0x0800, payload)


def to_inside(payload: bytes, host: str = ANN) -> bytes:
    return ethernet(MACS[host], GATE_MAC, 0x0800, payload)


def from_outside(payload: bytes, host: str = SERVER) -> bytes:
    return ethernet(OWN_MAC, MACS[host], 0x0800, payload)


def to_outside(payload: bytes, host: str = SERVER) -> bytes:
    return ethernet(MACS[host], OWN_MAC, 0x0800, payload)


@pytest.fixture
def nat(tmp_path: Path) -> Nat:
    """What leaves `in` and `out`, ARP questions aside; what comes from outside comes last."""

    def run(
        inside: list[bytes], outside: list[bytes], *settings: str
    ) -> tuple[list[bytes], list[bytes]]:
        arriving = {"in": KNOWN_IN + inside, "out": KNOWN_OUT + outside}
        went = on_files(tmp_path, PACKAGE, arriving, *settings)
        told = {name: [frame for frame in went[name] if frame[:6] != b"\xff" * 6] for name in went}
        return told["in"], told["out"]

    return run


@pytest.mark.parametrize(
    ("asks", "leaves", "answer", "arrives"),
    [
        (
            tcp(ANN, SERVER, (4000, 80)),
            tcp(OWN, SERVER, (4000, 80)),
            tcp(SERVER, OWN, (80, 4000), SYN | ACK),
            tcp(SERVER, ANN, (80, 4000), SYN | ACK),
        ),
        (
            udp(ANN, SERVER, (4000, 53), b"?"),
            udp(OWN, SERVER, (4000, 53), b"?"),
            udp(SERVER, OWN, (53, 4000), b"!"),
            udp(SERVER, ANN, (53, 4000), b"!"),
        ),
    ],
    ids=["tcp", "udp"],
)
def test_flows_leave_with_the_address_outside(
    nat: Nat, asks: bytes, leaves: bytes, answer: bytes, arrives: bytes
) -> None:
    assert nat([from_inside(asks)], [from_outside(answer)]) == (
        [to_inside(lowered(arrives))],
        [to_outside(lowered(leaves))],
    )


def test_pings_leave_with_the_address_outside(nat: Nat) -> None:
    asks, reply = from_inside(echo(ANN, SERVER)), from_outside(echo(SERVER, OWN, kind=0))
    assert nat([asks], [reply], "PORTS=1-65535") == (
        [to_inside(lowered(echo(SERVER, ANN, kind=0)))],
        [to_outside(lowered(echo(OWN, SERVER)))],
    )


def test_hosts_that_use_the_same_port_are_told_apart(nat: Nat) -> None:
    asks = [from_inside(udp(host, SERVER, (4000, 53)), host) for host in (ANN, BEN)]
    replies = [from_outside(udp(SERVER, OWN, (53, port))) for port in (4001, 4000)]
    assert nat(asks, replies, "PORTS=4000-4001") == (
        [
            to_inside(lowered(udp(SERVER, BEN, (53, 4000))), BEN),
            to_inside(lowered(udp(SERVER, ANN, (53, 4000)))),
        ],
        [to_outside(lowered(udp(OWN, SERVER, (port, 53)))) for port in (4000, 4001)],
    )


def test_a_flow_for_which_no_port_is_free_is_dropped(nat: Nat) -> None:
    asks = [from_inside(udp(ANN, SERVER, (port, 53))) for port in (4000, 4001, 4002)]
    assert nat(asks, [], "PORTS=4000-4001") == (
        [],
        [to_outside(lowered(udp(OWN, SERVER, (port, 53)))) for port in (4000, 4001)],
    )
    other = from_inside(udp(ANN, ROUTER, (4000, 53)))
    assert nat([asks[0], other], [], "FLOWS=1") == (
        [],
        [to_outside(lowered(udp(OWN, SERVER, (4000, 53))))],
    )


@pytest.mark.parametrize(
    "unasked",
    [
        tcp(SERVER, OWN, (4000, 80)),
        udp(SERVER, OWN, (53, 4000)),
        echo(SERVER, OWN, kind=0),
        tcp(SERVER, ANN, (4000, 80)),
        error(SERVER, OWN, UNREACHABLE, udp(OWN, SERVER, (4000, 54))),
    ],
    ids=["tcp", "udp", "reply", "routed", "error"],
)
def test_nothing_unasked_comes_in(nat: Nat, unasked: bytes) -> None:
    assert nat([], [from_outside(unasked)]) == ([], [])


def test_ports_are_led_inside_and_answers_seem_to_come_from_outside(nat: Nat) -> None:
    rules = f"FORWARD=tcp 8080 {BEN} 80, udp 5000-5009 {ANN}"
    asks = [
        tcp(SERVER, OWN, (4000, 8080)),
        udp(SERVER, OWN, (4000, 5007)),
        udp(SERVER, OWN, (1, 5010)),
    ]
    assert nat([], [from_outside(part) for part in asks], rules) == (
        [
            to_inside(lowered(tcp(SERVER, BEN, (4000, 80))), BEN),
            to_inside(lowered(udp(SERVER, ANN, (4000, 5007)))),
        ],
        [],
    )


@pytest.mark.parametrize(
    ("outside", "inside"),
    [
        (udp(OWN, SERVER, (4000, 53), b"?"), udp(ANN, SERVER, (4000, 53), b"?")),
        (tcp(OWN, SERVER, (4000, 80))[:28], tcp(ANN, SERVER, (4000, 80))[:28]),
    ],
    ids=["udp", "tcp"],
)
def test_errors_about_flows_reach_who_sent(nat: Nat, outside: bytes, inside: bytes) -> None:
    flows = [udp(ANN, SERVER, (4000, 53), b"?"), tcp(ANN, SERVER, (4000, 80))]
    told = error(ROUTER, OWN, TIME_EXCEEDED, outside)
    at_inside, _ = nat([from_inside(flow) for flow in flows], [from_outside(told, ROUTER)])
    assert at_inside == [to_inside(lowered(error(ROUTER, ANN, TIME_EXCEEDED, inside)))]


def test_it_is_a_router_that_tells_when_time_is_over(nat: Nat) -> None:
    late = ipv4(ANN, SERVER, 17, udp(ANN, SERVER, (4000, 53))[20:], ttl=1)
    at_inside, at_outside = nat([from_inside(late)], [])
    assert at_outside == []
    [told] = at_inside
    assert told[:14] == to_inside(b"")
    assert (told[26:30], told[34:36], told[42:]) == (bytes([192, 168, 1, 1]), b"\x0b\x00", late)


def test_both_addresses_answer_arp_and_pings(nat: Nat) -> None:
    asks_in = arp(1, (MACS[ANN], ANN), (ANY_MAC, GATE))
    asks_out = arp(1, (MACS[SERVER], SERVER), (ANY_MAC, OWN))
    at_inside, at_outside = nat(
        [ethernet(BROADCAST, MACS[ANN], 0x0806, asks_in), from_inside(echo(ANN, GATE))],
        [ethernet(BROADCAST, MACS[SERVER], 0x0806, asks_out), from_outside(echo(SERVER, OWN))],
    )
    told = arp(2, (GATE_MAC, GATE), (MACS[ANN], ANN))
    assert at_inside == [
        ethernet(MACS[ANN], GATE_MAC, 0x0806, told),
        to_inside(echo(GATE, ANN, kind=0, ttl=255)),
    ]
    told = arp(2, (OWN_MAC, OWN), (MACS[SERVER], SERVER))
    assert at_outside == [
        ethernet(MACS[SERVER], OWN_MAC, 0x0806, told),
        to_outside(echo(OWN, SERVER, kind=0, ttl=255)),
    ]


def test_hosts_beyond_the_gateway_are_reached_through_it(nat: Nat) -> None:
    asks = from_inside(udp(ANN, "203.0.113.7", (4000, 53)))
    _, at_outside = nat([asks], [], f"GATEWAY={ROUTER}")
    assert at_outside == [to_outside(lowered(udp(OWN, "203.0.113.7", (4000, 53))), ROUTER)]


@pytest.mark.parametrize(
    "other",
    [
        from_inside(udp("10.9.9.9", SERVER, (1, 2))),
        from_inside(udp(ANN, BEN, (1, 2))),
        from_inside(udp(ANN, OWN, (1, 2))),
        from_inside(b"\x45" + b"\xff" * 30),
        ethernet(BROADCAST, MACS[ANN], 0x0800, udp(ANN, SERVER, (1, 2))),
        ethernet(MACS[BEN], MACS[ANN], 0x0800, udp(ANN, SERVER, (1, 2))),
        ethernet(GATE_MAC, MACS[ANN], 0x86DD, bytes(40)),
        b"",
    ],
    ids=["foreign", "inner", "own", "bad", "broadcast", "other-station", "ipv6", "empty"],
)
def test_what_is_not_to_be_translated_is_dropped(nat: Nat, other: bytes) -> None:
    assert nat([other], []) == ([], [])
