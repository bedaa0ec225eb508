"""The tunnel: its packets byte by byte, and Linux's own VXLAN at the other end."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.captured import on_files
from tests.support.frames import arp, echo, ethernet, ipv4, udp
from tests.support.peers import fetch, pinged, serving
from tests.support.row import send_and_compare
from tests.support.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = str(Path(__file__).parent)
OURS, THEIRS = ("02:00:00:00:00:02", "192.0.2.1"), ("02:00:00:00:09:02", "192.0.2.2")
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"
HERE, THERE = "10.9.0.1", "10.9.0.2"
FRAME = ethernet("02:00:00:00:07:02", "02:00:00:00:07:01", 0x0800, udp(HERE, THERE, (1, 2), b"hi"))
ASKED = ethernet(BROADCAST, OURS[0], 0x0806, arp(1, OURS, (ANY_MAC, THEIRS[1])))
TOLD = ethernet(OURS[0], THEIRS[0], 0x0806, arp(2, THEIRS, OURS))


def vxlan(frame: bytes, vni: int = 1, port: int = 4789, flags: int = 0x08) -> bytes:
    """A UDP datagram without a checksum."""
    header = struct.pack("!BxxxI", flags, vni << 8)
    return struct.pack("!HHHH", 50000, port, 16 + len(frame), 0) + header + frame


def arriving(datagram: bytes, source: str = THEIRS[1], target: str = OURS[1]) -> bytes:
    return ethernet(OURS[0], THEIRS[0], 0x0800, ipv4(source, target, 17, datagram))


def passed(folder: Path, inside: list[bytes], outside: list[bytes], *settings: str) -> list[bytes]:
    """What leaves by `inside`, then what leaves by `outside`."""
    left = on_files(folder, PACKAGE, {"inside": inside, "outside": outside}, *settings)
    return [*left["inside"], b"", *left["outside"]]


def test_a_frame_goes_in_behind_its_headers(tmp_path: Path) -> None:
    asked, sent = passed(tmp_path, [FRAME], [TOLD], "VNI=0xabcdef")[1:]
    assert asked == ASKED
    assert sent[:14] == ethernet(THEIRS[0], OURS[0], 0x0800, b"")
    port = struct.unpack_from("!H", sent, 34)[0]
    assert 49152 <= port <= 65535
    inner = vxlan(FRAME, 0xABCDEF)
    assert sent[36:] == inner[2:]
    # Not to be fragmented, 64 hops, from us to them.
    length = 20 + len(inner)
    assert sent[14:24] == struct.pack("!BBHHHBB", 0x45, 0, length, 1, 0x4000, 64, 17)
    assert sent[26:34] == bytes([192, 0, 2, 1, 192, 0, 2, 2])


def test_what_the_other_end_sends_comes_out(tmp_path: Path) -> None:
    padded = arriving(vxlan(FRAME, flags=0xF8)) + bytes(6)
    assert passed(tmp_path, [], [arriving(vxlan(FRAME)), padded]) == [FRAME, FRAME, b""]


@pytest.mark.parametrize(
    "frame",
    [
        arriving(vxlan(FRAME, vni=2)),
        arriving(vxlan(FRAME, port=4790)),
        arriving(vxlan(FRAME, flags=0)),
        arriving(vxlan(FRAME[:13])),
        arriving(vxlan(FRAME)[:12]),
        arriving(vxlan(FRAME), source="192.0.2.3"),
        arriving(vxlan(FRAME), target="192.0.2.9"),
        ethernet("02:00:00:00:00:77", THEIRS[0], 0x0800, b""),
    ],
    ids=["vni", "port", "flags", "short-frame", "short", "stranger", "not-ours", "station"],
)
def test_nothing_else_comes_out(tmp_path: Path, frame: bytes) -> None:
    assert passed(tmp_path, [], [frame]) == [b""]


def test_the_other_end_may_be_behind_a_router(tmp_path: Path) -> None:
    router = (THEIRS[0], "192.0.2.254")
    told = ethernet(OURS[0], router[0], 0x0806, arp(2, router, OURS))
    asked, sent = passed(tmp_path, [FRAME], [told], "REMOTE=198.51.100.7")[1:]
    assert asked == ethernet(BROADCAST, OURS[0], 0x0806, arp(1, OURS, (ANY_MAC, router[1])))
    assert sent[30:34] == bytes([198, 51, 100, 7])


def test_ping_and_arp_are_answered_outside(tmp_path: Path) -> None:
    question = ethernet(BROADCAST, THEIRS[0], 0x0806, arp(1, THEIRS, (ANY_MAC, OURS[1])))
    ping = ethernet(OURS[0], THEIRS[0], 0x0800, echo(THEIRS[1], OURS[1]))
    left = passed(tmp_path, [], [question, ping, TOLD])
    answer = ethernet(THEIRS[0], OURS[0], 0x0806, arp(2, OURS, THEIRS))
    pong = ethernet(THEIRS[0], OURS[0], 0x0800, echo(OURS[1], THEIRS[1], kind=0, ttl=255))
    assert left == [b"", answer, ASKED, pong]


def test_linux_is_the_other_end(weft: Weft, make_host: Callable[[str], Host]) -> None:
    near, far = make_host("near"), make_host("far")
    joins = [f"-iinside=netns:{near.name}:eth0", f"-ioutside=netns:{far.name}:under"]
    weft("run", PACKAGE, "-d", "--name", "tunnel", *joins, "--set", "VNI=7")
    near.configure("eth0", HERE)
    far.configure("under", THEIRS[1])
    tunnel = (
        "ip link add vx0 type vxlan id 7 dstport 4789 local 192.0.2.2 remote 192.0.2.1 dev under"
    )
    made = far.run(tunnel.split())
    assert made.returncode == 0, made.stderr
    far.configure("vx0", THERE)
    assert pinged(near, THERE)
    assert pinged(far, HERE, "-s", "1422", "-M", "do")
    refused = near.run(["ping", "-c", "1", "-W", "2", "-s", "1423", "-M", "do", THERE])
    assert "mtu = 1450" in refused.stdout + refused.stderr
    near.run(
        ["ip", "route", "flush", "cache"]
    )  # it knows the length now, and would cut them itself
    assert not pinged(near, THERE, "-s", "1430", "-M", "dont", count=1)
    with serving(far, "python3", "-m", "http.server", "80", "--directory", PACKAGE, port=80):
        page = fetch(near, f"http://{THERE}/tunnel.click")
    assert page == (Path(PACKAGE) / "tunnel.click").read_text()
    send_and_compare(near, far, THERE, 4 << 20)
    running = Running(weft, weft.ps()[0])
    assert int(running.read("tunnel/icmp.answers")) >= 1
    assert int(running.read("tunnel/too_long.count")) >= 2
    assert int(running.read("tunnel/received.count")) > 10
