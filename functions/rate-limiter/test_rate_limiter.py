"""The rate limiter: which frames pass, byte by byte, and what real hosts notice of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.captured import on_files
from tests.support.frames import arp, ethernet, udp
from tests.support.hosts import between
from tests.support.peers import iperf, pinged
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
FIRST, SECOND, SERVER = "10.0.0.1", "10.0.0.3", "10.0.0.2"
MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
# So little comes in a test that nothing is added to what a burst allows.
SLOW = ("SOURCE_BANDWIDTH=0", "BANDWIDTH=0", "BURST=100s")


def frame(source: str, number: int, tag: bytes = b"") -> bytes:
    packet = udp(source, SERVER, (1000 + number, 53), b"data")
    kind = 0x8100 if tag else 0x0800
    return ethernet(SERVER_MAC, MAC, kind, tag + packet)


def test_each_source_has_a_limit_of_its_own(tmp_path: Path) -> None:
    many = [frame(FIRST, number) for number in range(9)]
    few = [frame(SECOND, number, b"\x00\x07\x08\x00") for number in range(3)]
    question = ethernet(SERVER_MAC, MAC, 0x0806, arp(1, (MAC, FIRST), (MAC, SERVER)))
    back = [frame(SERVER, number) for number in range(9)]
    settings = ("SOURCE_PACKETS=1", "BURST=5s", *SLOW[:2])
    sent = {"in": [*many, *few, question], "out": back}
    passed = on_files(tmp_path, PACKAGE, sent, *settings)
    assert passed == {"in": back, "out": [*many[:5], *few, question]}


def test_all_together_have_a_limit(tmp_path: Path) -> None:
    sent = [frame(f"10.0.0.{number}", number) for number in range(10, 20)]
    settings = ("SOURCE_PACKETS=0", "PACKETS=1", "BURST=4s", *SLOW[:2])
    passed = on_files(tmp_path, PACKAGE, {"in": sent, "out": []}, *settings)
    assert passed["out"] == sent[:4]


def test_a_bandwidth_is_for_bytes_of_frames(tmp_path: Path) -> None:
    sent = [frame(FIRST, number) for number in range(10)]
    assert len(sent[0]) == 46
    settings = ("SOURCE_PACKETS=0", "SOURCE_BANDWIDTH=1Bps", "BANDWIDTH=0", "BURST=100s")
    passed = on_files(tmp_path, PACKAGE, {"in": sent, "out": []}, *settings)
    assert passed["out"] == sent[:3]


def test_hosts_meet_their_limits_and_are_told_apart(
    weft: Weft,
    make_host: Callable[[str], Host],
) -> None:
    client, server = make_host("client"), make_host("server")
    limit = ["--set", "SOURCE_BANDWIDTH=4Mbps"]
    weft("run", PACKAGE, "-d", "--name", "limiter", *between(client, server), *limit)
    client.configure("eth0", FIRST)
    client.configure("eth0", SECOND)
    server.configure("eth0", SERVER)
    assert pinged(client, SERVER)
    options = ("-u", "-b", "20M", "-t", "1")
    told = iperf(client, server, SERVER, "-B", FIRST, *options)["end"]["sum"]
    assert told["lost_percent"] > 40
    assert pinged(client, SERVER, "-I", SECOND)

    [row] = weft.ps()
    running = Running(weft, row)
    worst = json.loads(weft("read", "limiter", "limiter/per_source.hosts", "1"))
    assert [host["address"] for host in worst] == [FIRST]
    assert worst[0]["limited"] == int(running.read("limiter/per_source.limited")) > 100
    assert running.read("limiter/all.limited") == "0"

    weft("write", "limiter", "limiter/per_source.bandwidth", "0")
    weft("write", "limiter", "limiter/per_source.packets", "0")
    told = iperf(client, server, SERVER, "-B", FIRST, *options)["end"]["sum"]
    assert told["lost_percent"] < 20
