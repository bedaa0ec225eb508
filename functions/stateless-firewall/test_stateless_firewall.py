"""The firewall on capture files: which frames pass, byte by byte, and how it answers for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import frames
from tests.support.pcap import read_pcap, write_pcap
from weft.cli.main import run

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER, OWN = "10.0.0.1", "10.0.0.2", "10.0.0.254"
CLIENT_MAC, SERVER_MAC, OWN_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:fe"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"


def to_server(payload: bytes) -> bytes:
    return frames.ethernet(SERVER_MAC, CLIENT_MAC, 0x0800, payload)


def to_client(payload: bytes) -> bytes:
    return frames.ethernet(CLIENT_MAC, SERVER_MAC, 0x0800, payload)


def pass_through(
    folder: Path, at_in: list[bytes], at_out: list[bytes], *settings: str
) -> tuple[list[bytes], list[bytes]]:
    """What leaves `in` and `out` when these frames arrive there."""
    write_pcap(folder / "in.pcap", at_in)
    write_pcap(folder / "out.pcap", at_out)
    arguments = ["run", PACKAGE, "--set", f"ADDRESS={OWN}", "--set", f"MAC={OWN_MAC}"]
    for side in ("in", "out"):
        arguments += ["--interface", f"{side}=pcap:{folder}/{side}.pcap:{folder}/{side}.sent"]
    for setting in settings:
        arguments += ["--set", setting]
    assert run(arguments) == 0
    return read_pcap(folder / "in.sent"), read_pcap(folder / "out.sent")


@pytest.mark.parametrize("port", [80, 443])
def test_web_connections_pass_both_ways(tmp_path: Path, port: int) -> None:
    opening = to_server(frames.tcp(CLIENT, SERVER, (50000, port), frames.SYN))
    answer = to_client(frames.tcp(SERVER, CLIENT, (port, 50000), frames.SYN | frames.ACK))
    assert pass_through(tmp_path, [opening], [answer]) == ([answer], [opening])


@pytest.mark.parametrize(
    "refused",
    [
        to_server(frames.tcp(CLIENT, SERVER, (50000, 22))),
        to_server(frames.tcp(CLIENT, SERVER, (80, 50000))),
        to_server(frames.udp(CLIENT, SERVER, (50000, 80))),
        to_server(frames.echo(CLIENT, SERVER)),
        to_server(b"\x45" + b"\xff" * 30),
        to_server(b""),
        frames.ethernet(SERVER_MAC, CLIENT_MAC, 0x86DD, bytes(40)),
    ],
    ids=["ssh", "from-80", "udp", "ping", "bad-header", "empty", "ipv6"],
)
def test_everything_else_from_in_is_dropped(tmp_path: Path, refused: bytes) -> None:
    assert pass_through(tmp_path, [refused], []) == ([], [])


@pytest.mark.parametrize(
    "refused",
    [
        to_client(frames.tcp(SERVER, CLIENT, (50000, 80), frames.SYN)),
        to_client(frames.tcp(SERVER, CLIENT, (80, 50000), frames.SYN)),
        to_client(frames.tcp(SERVER, CLIENT, (22, 50000), frames.SYN | frames.ACK)),
        to_client(frames.echo(SERVER, CLIENT)),
    ],
    ids=["opening-80", "opening-from-80", "reply-of-ssh", "ping"],
)
def test_only_replies_come_back(tmp_path: Path, refused: bytes) -> None:
    assert pass_through(tmp_path, [], [refused]) == ([], [])


def test_arp_passes_both_ways(tmp_path: Path) -> None:
    question = frames.ethernet(
        BROADCAST, CLIENT_MAC, 0x0806, frames.arp(1, (CLIENT_MAC, CLIENT), (ANY_MAC, SERVER))
    )
    answer = frames.ethernet(
        CLIENT_MAC, SERVER_MAC, 0x0806, frames.arp(2, (SERVER_MAC, SERVER), (CLIENT_MAC, CLIENT))
    )
    assert pass_through(tmp_path, [question], [answer]) == ([answer], [question])


def test_it_answers_for_its_own_address(tmp_path: Path) -> None:
    question = frames.ethernet(
        BROADCAST, CLIENT_MAC, 0x0806, frames.arp(1, (CLIENT_MAC, CLIENT), (ANY_MAC, OWN))
    )
    ping = frames.ethernet(OWN_MAC, CLIENT_MAC, 0x0800, frames.echo(CLIENT, OWN))
    at_in, at_out = pass_through(tmp_path, [question, ping], [])
    assert at_out == []
    assert at_in == [
        frames.ethernet(
            CLIENT_MAC, OWN_MAC, 0x0806, frames.arp(2, (OWN_MAC, OWN), (CLIENT_MAC, CLIENT))
        ),
        frames.ethernet(CLIENT_MAC, OWN_MAC, 0x0800, frames.echo(OWN, CLIENT, kind=0, ttl=255)),
    ]


def test_what_is_allowed_is_a_parameter(tmp_path: Path) -> None:
    ssh = to_server(frames.tcp(CLIENT, SERVER, (50000, 22)))
    web = to_server(frames.tcp(CLIENT, SERVER, (50000, 80)))
    assert pass_through(tmp_path, [ssh, web], [], "allow=tcp dst port 22") == ([], [ssh])
