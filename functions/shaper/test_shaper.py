"""The shaper: frames wait and leave in order, at the rate; beyond the queue they are dropped."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.captured import on_files
from tests.support.frames import ethernet, udp
from tests.support.hosts import between
from tests.support.peers import iperf, pinged
from tests.support.running import Running, wait_until
from tests.system.conftest import WEFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
MEGABIT = 1_000_000


def frames(count: int, length: int = 1000) -> list[bytes]:
    """Frames of so many bytes, told apart by their source port."""
    data = bytes(length - 42)
    packets = [udp(CLIENT, SERVER, (1000 + number, 53), data) for number in range(count)]
    return [ethernet(SERVER_MAC, CLIENT_MAC, 0x0800, packet) for packet in packets]


def test_frames_pass_in_order_and_unchanged_both_ways(tmp_path: Path) -> None:
    there, back = frames(40, 1514), frames(30, 60)
    settings = ("RATE_OUT=100Mbps", "RATE_IN=1MBps", "BURST=1")
    passed = on_files(tmp_path, PACKAGE, {"in": there, "out": back}, *settings)
    assert passed == {"in": back, "out": there}


def test_what_the_queue_has_no_room_for_is_dropped(tmp_path: Path) -> None:
    sent = frames(20)
    passed = on_files(
        tmp_path, PACKAGE, {"in": sent, "out": []}, "RATE_OUT=8Mbps", "BURST=1", "QUEUE=5"
    )
    assert passed == {"in": [], "out": sent[:5]}


def test_frames_leave_at_the_rate_after_the_burst(tmp_path: Path) -> None:
    """In virtual time: a burst of 2000 bytes, then a frame of 1000 bytes each 100 ms."""
    text = (Path(PACKAGE) / "shaper.click").read_text()
    graph = (
        f"shaper :: {{ {text} }};\n"
        "InfiniteSource(LENGTH 1000, LIMIT 5, TIMESTAMP false) -> [0]shaper[0] -> SetTimestamp"
        " -> out :: ToDump(out.pcap) -> Counter(COUNT_CALL 5 stop) -> Discard;\n"
        "Idle -> [1]shaper[1] -> Discard;\n"
    )
    values = ["RATE_OUT=80kbps", "RATE_IN=80kbps", "BURST=2000", "QUEUE=10"]
    click = [*WEFT, "click", "--simtime=0", "-e", graph, *values]
    assert subprocess.run(click, cwd=tmp_path, timeout=20, check=False).returncode == 0
    assert times_us((tmp_path / "out.pcap").read_bytes()) == [0, 0, 100, 100_100, 200_100]


def times_us(capture: bytes) -> list[int]:
    """When the packets of a capture file came, in microseconds."""
    at, times = 24, []
    while at < len(capture):
        seconds, microseconds, length = struct.unpack_from("<III", capture, at)
        times.append(seconds * 1_000_000 + microseconds)
        at += 16 + length
    return times


def test_a_transfer_between_hosts_gets_the_rate(
    weft: Weft,
    make_host: Callable[[str], Host],
) -> None:
    client, server = make_host("client"), make_host("server")
    settings = ["--set", "RATE_OUT=20Mbps", "--set", "RATE_IN=20Mbps"]
    weft("run", PACKAGE, "-d", "--name", "shaper", *between(client, server), *settings)
    client.configure("eth0", CLIENT)
    server.configure("eth0", SERVER)
    assert pinged(client, SERVER)
    told = iperf(client, server, SERVER, "-t", "2")["end"]["sum_received"]["bits_per_second"]
    assert 10 * MEGABIT < told < 22 * MEGABIT
    [row] = weft.ps()
    running = Running(weft, row)
    assert int(running.read("shaper/shape_out.bytes")) > 2 * MEGABIT

    weft("write", "shaper", "shaper/shape_out.rate", "5Mbps")
    weft("write", "shaper", "shaper/to_out.capacity", "20")
    told = iperf(client, server, SERVER, "-u", "-b", "20M", "-t", "1")["end"]["sum"]
    assert told["lost_percent"] > 40
    assert int(running.read("shaper/to_out.drops")) > 100
    wait_until(lambda: running.read("shaper/to_out.length"), "0")
    assert "BURST: out of range, bound 1" in weft(
        "write", "shaper", "shaper/shape_out.burst", "0", status=1
    )
