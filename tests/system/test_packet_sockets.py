"""FromDevice, ToDevice and KernelTap on real devices, in namespaces of the tests' own."""

from __future__ import annotations

import os
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.golden.capture import Packet, read_capture, write_capture
from tests.support import frames
from tests.support.row import LIMIT_S, MACS, raw, send_and_compare, until
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.support.row import Engine

BULK_BYTES = 100_000_000
UDP_SEGMENT = 103

FORWARD = (
    "ab :: FromDevice(a1, PROMISC true) -> Queue(4096) -> to_b :: ToDevice(b1);"
    "ba :: FromDevice(b1, PROMISC true) -> Queue(4096) -> to_a :: ToDevice(a1);"
)


@pytest.mark.parametrize("direction", ["to the right", "to the left"])
def test_bulk_tcp_with_offloads_on_arrives_whole(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], direction: str
) -> None:
    left, middle, right = hosts
    start(middle, FORWARD)
    sender, receiver = (left, right) if direction == "to the right" else (right, left)
    address = "10.66.0.2" if receiver is right else "10.66.0.1"
    send_and_compare(sender, receiver, address, BULK_BYTES)


def test_a_large_udp_frame_arrives_as_the_datagrams_it_stands_for(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine]
) -> None:
    left, middle, right = hosts
    start(middle, FORWARD)
    data = os.urandom(20 * 1000 + 17)
    with right.namespace.entered():
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with left.namespace.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with receiver, sender:
        receiver.bind(("10.66.0.2", 5002))
        receiver.settimeout(LIMIT_S)
        sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 1000)
        sender.sendto(data, ("10.66.0.2", 5002))
        parts = [receiver.recv(65536) for _ in range(21)]
    assert [len(part) for part in parts] == [1000] * 20 + [17]
    assert b"".join(parts) == data


def test_a_vlan_tag_the_kernel_took_out_is_put_back(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], tmp_path: Path
) -> None:
    left, middle, _ = hosts
    config = f"f :: FromDevice(a1, PROMISC true) -> ToDump({tmp_path}/out.pcap, UNBUFFERED true);"
    engine = start(middle, config)
    inner = frames.udp("10.66.0.1", "10.66.0.2", (1, 2), b"tagged")
    tagged = struct.pack("!HH", 0x6007, 0x0800) + inner
    frame = frames.ethernet(MACS["b"], MACS["a"], 0x8100, tagged)
    with raw(left, "a") as sender:
        sender.send(frame)
        until(lambda: engine.count("f.count") >= 1)
    engine.stop()
    assert frame in [packet.data for packet in read_capture(tmp_path / "out.pcap")]


def test_a_frame_longer_than_the_mtu_is_refused_and_counted(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine]
) -> None:
    _, middle, _ = hosts
    engine = start(middle, "InfiniteSource(LENGTH 3000, LIMIT 7) -> Queue -> t :: ToDevice(b1);")
    until(lambda: "7" in engine.read("t.drops"))
    assert engine.count("t.count") == 0
    assert "too-long" in engine.read("t.drops")
    assert engine.stop().splitlines()[0] == "ToDevice(b1): Message too long"


@pytest.mark.parametrize("change", ["down", "gone"])
def test_an_interface_that_goes_away_is_told_and_costs_nothing(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], change: str
) -> None:
    left, middle, _ = hosts
    engine = start(middle, FORWARD)
    if change == "down":
        index = middle.namespace.index_of("a1")
        middle.route.link("set", index=index, state="down")
    else:
        left.route.link("del", index=left.namespace.index_of("a"))
    before = engine.cpu_s()
    time.sleep(1)  # what is measured is the CPU time of this second
    assert engine.cpu_s() - before < 0.2
    assert engine.count("ba.count") >= 0
    assert "FromDevice(a1): Network is down" in engine.stop().splitlines()


def test_the_ring_under_load_keeps_order_and_loses_nothing_uncounted(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine], tmp_path: Path
) -> None:
    left, middle, right = hosts
    total, rate = 300_000, 200_000
    head = frames.ethernet(MACS["b"], MACS["a"], 0x88B5, b"")
    numbered = [Packet(head + struct.pack("!I", n) + b"\0" * 46) for n in range(total)]
    write_capture(tmp_path / "in.pcap", numbered, "EN10MB")
    right_engine = start(right, f"f :: FromDevice(b, PROMISC true) -> ToDump({tmp_path}/out.pcap);")
    forwarder = start(middle, FORWARD)
    source = start(
        left,
        f"FromDump({tmp_path}/in.pcap) -> RatedUnqueue({rate})"
        " -> q :: Queue(1000) -> t :: ToDevice(a);",
    )
    until(lambda: "V3 ring" in forwarder.read("ab.method"))
    until(lambda: source.count("t.count") + source.count("q.drops") == total)
    sent = source.count("t.count")
    until(lambda: forwarder.read("ab.method").startswith("af_packet (recvmmsg)"))
    received = forwarder.count("ab.count") + forwarder.count("ab.kernel_drops")
    assert received >= sent, "every frame was received, or its loss counted"
    with raw(left, "a") as sender:
        sender.send(head + struct.pack("!I", total) + b"\0" * 46)
        until(lambda: forwarder.count("ab.count") + forwarder.count("ab.kernel_drops") > received)
    until(lambda: right_engine.count("f.count") >= forwarder.count("to_b.count") * 9 // 10)
    right_engine.stop()
    numbers = [
        struct.unpack_from("!I", packet.data, 14)[0]
        for packet in read_capture(tmp_path / "out.pcap")
        if packet.data.startswith(head)
    ]
    assert numbers == sorted(set(numbers)), "no frame twice, none overtaken"
    assert len(numbers) > 1000


def test_a_killed_engine_is_followed_by_one_on_the_same_sockets(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine]
) -> None:
    left, middle, _ = hosts
    first = start(middle, FORWARD)
    first.process.kill()
    first.process.communicate()
    first.path.unlink()
    start(middle, FORWARD)
    answered = left.run(["ping", "-c", "1", "-W", "5", "10.66.0.2"])
    assert answered.returncode == 0, answered.stdout


def test_a_missing_interface_is_told_with_those_there_are(
    hosts: tuple[Host, Host, Host],
) -> None:
    _, middle, _ = hosts
    config = "FromDevice(nosuch0) -> Discard;"
    done = middle.run([engine_binary(), "click", "-e", config])
    assert done.returncode == 1
    reason = "nosuch0: SIOCGIFINDEX: No such device (there are: lo, "
    assert reason in done.stderr


def test_a_tap_answers_ping_and_goes_away_with_the_engine(
    hosts: tuple[Host, Host, Host], start: Callable[[Host, str], Engine]
) -> None:
    _, middle, _ = hosts
    if not Path("/dev/net/tun").exists():
        pytest.skip("needs /dev/net/tun")
    engine = start(
        middle,
        "tap :: KernelTap(192.0.2.1/24, DEVNAME tap-test, ETHER 2:0:0:0:0:9, MTU 1400)"
        " -> c :: Classifier(12/0806 20/0001, 12/0800);"
        "c[0] -> ARPResponder(192.0.2.2 2:0:0:0:0:1) -> tap;"
        "c[1] -> Strip(14) -> CheckIPHeader -> ICMPPingResponder"
        " -> EtherEncap(0x0800, 2:0:0:0:0:1, 2:0:0:0:0:9) -> tap;",
    )
    answered = middle.run(["ping", "-c", "2", "-i", "0.2", "-W", "5", "192.0.2.2"])
    assert answered.returncode == 0, answered.stdout
    assert middle.links()["tap-test"]["mtu"] == 1400
    assert engine.read("tap.dev_name") == "tap-test"
    assert engine.stop() == ""
    assert "tap-test" not in middle.links()
