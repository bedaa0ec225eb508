"""FromDevice and ToDevice by AF_XDP on real devices, in namespaces of the tests' own."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import frames
from tests.support.row import LIMIT_S, MACS, join, send_and_compare, until
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.support.row import Engine

    Start = Callable[[Host, str], Engine]

KIND = 0x88B5  # IEEE 802: for local experiments
LENGTHS = [*range(60, 140), 255, 256, 1000, 1499, 1500, *range(1510, 1515)]
BULK_BYTES = 50_000_000
ETH_P_ALL = 3
IGNORE_OUTGOING = 23
UDP_SEGMENT = 103

FORWARD = (
    "ab :: FromDevice(a1, PROMISC true, METHOD AF_XDP)"
    " -> Queue(4096) -> to_b :: ToDevice(b1, METHOD AF_XDP);"
    "ba :: FromDevice(b1, PROMISC true, METHOD AF_XDP)"
    " -> Queue(4096) -> to_a :: ToDevice(a1, METHOD AF_XDP);"
)


@pytest.fixture
def generic(make_host: Callable[[str], Host]) -> tuple[Host, Host, Host]:
    """A row whose middle cannot have native XDP: the outer ends have more queues to send by."""
    left, middle, right = (make_host(role) for role in ("left", "middle", "right"))
    for near, name in ((left, "a"), (right, "b")):
        join(near, name, middle, ({"num_tx_queues": 2}, {}))
    left.configure("a", "10.66.0.1")
    right.configure("b", "10.66.0.2")
    return left, middle, right


@pytest.fixture(params=["native", "generic"])
def row(request: pytest.FixtureRequest) -> tuple[str, tuple[Host, Host, Host]]:
    """How XDP is run in the middle, and the hosts."""
    name = "hosts" if request.param == "native" else "generic"
    found: tuple[Host, Host, Host] = request.getfixturevalue(name)
    return request.param, found


@contextlib.contextmanager
def listening(host: Host, device: str) -> Iterator[socket.socket]:
    """A packet socket for what comes to a device."""
    with host.namespace.entered():
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with made:
        made.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        made.setsockopt(263, IGNORE_OUTGOING, 1)
        made.bind((device, ETH_P_ALL))
        made.settimeout(LIMIT_S)
        yield made


def frame(number: int, length: int) -> bytes:
    head = frames.ethernet(MACS["b"], MACS["a"], KIND, struct.pack("!I", number))
    return head + os.urandom(length - len(head))


def received(at: socket.socket, count: int) -> list[bytes]:
    """The next frames of the tests' own kind."""
    found: list[bytes] = []
    while len(found) < count:
        data = at.recv(1 << 16)
        if data[12:14] == struct.pack("!H", KIND):
            found.append(data)
    return found


def attached(host: Host, device: str) -> str:
    """How an XDP program is attached to a device: "native", "generic" or "no"."""
    [link] = host.route.get_links(host.namespace.index_of(device))
    mode = link.get_attr("IFLA_XDP").get_attr("IFLA_XDP_ATTACHED")
    return {"xdp": "native", "xdpgeneric": "generic"}.get(mode, "no")


def test_frames_come_and_go_as_they_are(
    row: tuple[str, tuple[Host, Host, Host]], start: Start
) -> None:
    mode, (left, middle, right) = row
    engine = start(middle, FORWARD)
    assert engine.read("ab.method").startswith(f"af_xdp ({mode}")
    assert engine.read("to_a.method") == engine.read("ab.method")
    sent = [frame(number, length) for number, length in enumerate(LENGTHS)]
    with listening(left, "a") as at_left, listening(right, "b") as at_right:
        for data in sent:
            at_left.send(data)
        assert received(at_right, len(sent)) == sent
        for data in sent:
            at_right.send(data)
        assert received(at_left, len(sent)) == sent
    assert attached(middle, "a1") == mode
    assert engine.read("ab.drops") == ""
    assert engine.stop() == ""
    assert attached(middle, "a1") == "no"


@pytest.mark.parametrize("direction", ["to the right", "to the left"])
def test_bulk_tcp_with_offloads_on_arrives_whole(
    row: tuple[str, tuple[Host, Host, Host]], start: Start, direction: str
) -> None:
    _, (left, middle, right) = row
    start(middle, FORWARD)
    if direction == "to the right":
        send_and_compare(left, right, "10.66.0.2", BULK_BYTES)
    else:
        send_and_compare(right, left, "10.66.0.1", BULK_BYTES)


def test_a_large_udp_frame_that_cannot_be_told_apart_is_counted(
    generic: tuple[Host, Host, Host], start: Start
) -> None:
    left, middle, _ = generic
    engine = start(middle, FORWARD)
    with left.namespace.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 1000)
        until(lambda: _sent(sender, bytes(5000)) and engine.count("ab.count") > 0)
        until(lambda: "unfinished-frame" in engine.read("ab.drops"))


def _sent(sender: socket.socket, data: bytes) -> bool:
    return sender.sendto(data, ("10.66.0.2", 5002)) == len(data)


def test_all_queues_of_a_device_are_received_from(
    make_host: Callable[[str], Host], start: Start
) -> None:
    left, middle = make_host("left"), make_host("middle")
    queues = {"num_tx_queues": 4, "num_rx_queues": 4}
    join(left, "a", middle, (queues, queues))
    left.configure("a", "10.66.0.1")
    engine = start(middle, "f :: FromDevice(a1, METHOD AF_XDP) -> c :: Counter -> Discard;")
    assert engine.read("f.method").startswith("af_xdp (native")
    assert "4 queues" in engine.read("f.method")
    left.route.neigh(
        "add",
        dst="10.66.0.9",
        lladdr=MACS["b"],
        ifindex=left.namespace.index_of("a"),
        state="permanent",
    )
    with left.namespace.entered():
        senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(64)]
    for sender in senders:
        with sender:
            sender.sendto(b"by some queue", ("10.66.0.9", 5003))
    until(lambda: engine.count("c.count") == len(senders))


def test_more_frames_than_the_ring_has_room_for_are_all_sent(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    _, middle, right = hosts
    count = 20_000
    source = f"InfiniteSource(LENGTH 1000, LIMIT {count})"
    engine = start(middle, f"{source} -> t :: ToDevice(b1, BURST 256, METHOD AF_XDP);")
    until(lambda: engine.count("t.count") == count)
    [link] = right.route.get_links(right.namespace.index_of("b"))
    assert link.get_attr("IFLA_STATS64")["rx_packets"] == count
    assert engine.read("t.drops") == ""


def test_a_frame_longer_than_the_mtu_is_refused_and_counted(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    _, middle, _ = hosts
    source = "InfiniteSource(LENGTH 1515, LIMIT 7)"
    engine = start(middle, f"{source} -> Queue -> t :: ToDevice(b1, METHOD AF_XDP);")
    until(lambda: engine.read("t.drops") == "too-long 7")
    assert engine.count("t.count") == 0
    assert engine.stop().splitlines()[0] == "ToDevice(b1): Message too long"


def test_long_frames_take_several_chunks(make_host: Callable[[str], Host], start: Start) -> None:
    left, middle, right = (make_host(role) for role in ("left", "middle", "right"))
    for near, name in ((left, "a"), (right, "b")):
        join(near, name, middle, ({"mtu": 9000}, {"mtu": 9000}))
    start(middle, FORWARD)
    sent = [frame(n, length) for n, length in enumerate([1790, 1800, 2048, 2049, 4096, 9014])]
    with listening(left, "a") as at_left, listening(right, "b") as at_right:
        for data in sent:
            at_left.send(data)
        assert received(at_right, len(sent)) == sent


def test_sending_alone_leaves_what_comes_to_the_host(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    left, middle, _ = hosts
    middle.configure("a1", "10.66.0.3")
    engine = start(middle, "Idle -> Queue -> t :: ToDevice(a1, METHOD AF_XDP);")
    assert engine.read("t.method").startswith("af_xdp (sending only")
    answered = left.run(["ping", "-c", "1", "-W", "5", "10.66.0.3"])
    assert answered.returncode == 0, answered.stdout
    assert attached(middle, "a1") == "no"


def test_frames_go_to_the_host_again_when_a_swap_takes_the_reader_away(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    left, middle, _ = hosts
    middle.configure("a1", "10.66.0.3")
    sender = "Idle -> Queue -> t :: ToDevice(a1, METHOD AF_XDP);"
    engine = start(middle, sender + "f :: FromDevice(a1, METHOD AF_XDP) -> Discard;")
    assert attached(middle, "a1") == "native"
    assert left.run(["ping", "-c", "1", "-W", "1", "10.66.0.3"]).returncode == 1
    engine.write("hotconfig", sender)
    until(lambda: attached(middle, "a1") == "no")  # the kernel lets go of a program in its own time
    answered = left.run(["ping", "-c", "1", "-W", "5", "10.66.0.3"])
    assert answered.returncode == 0, answered.stdout
    engine.write("hotconfig", sender + "f :: FromDevice(a1, METHOD AF_XDP) -> Discard;")
    assert attached(middle, "a1") == "native"


def test_a_device_is_opened_again_right_after_it_was_closed(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    left, middle, right = hosts
    data = frame(0, 100)
    for way in ["stopped", "killed", "killed", "stopped", "left"]:
        engine = start(middle, FORWARD)
        with listening(left, "a") as at_left, listening(right, "b") as at_right:
            at_left.send(data)
            assert received(at_right, 1) == [data]
        if way == "stopped":
            assert engine.stop() == ""
        elif way == "killed":
            engine.process.kill()
            engine.process.communicate()
            engine.path.unlink()


def test_a_device_that_is_taken_already_is_told(
    hosts: tuple[Host, Host, Host], start: Start
) -> None:
    _, middle, _ = hosts
    start(middle, FORWARD)
    config = "FromDevice(a1, METHOD AF_XDP) -> Discard;"
    done = middle.run([engine_binary(), "click", "-e", config])
    assert done.returncode == 1
    expected = "a1: queue 0 is used by another AF_XDP socket; end the program that has it"
    assert expected in done.stderr


@pytest.mark.parametrize("change", ["down", "gone"])
def test_an_interface_that_goes_away_is_told_and_costs_nothing(
    hosts: tuple[Host, Host, Host], start: Start, change: str
) -> None:
    left, middle, right = hosts
    engine = start(middle, FORWARD)
    if change == "down":
        index = middle.namespace.index_of("a1")
        middle.route.link("set", index=index, state="down")
    else:
        left.route.link("del", index=left.namespace.index_of("a"))
    with listening(right, "b") as at_right:
        for number in range(3):
            at_right.send(frame(number, 60))
            until(lambda wanted=number + 1: engine.count("ba.count") >= wanted)  # type: ignore[misc]
    until(lambda: engine.read("to_a.drops") != "")
    before = engine.cpu_s()
    time.sleep(1)  # what is measured is the CPU time of this second
    assert engine.cpu_s() - before < 0.2
    why = "Network is down" if change == "down" else "No such device or address"
    # The receiving side learns of an end only when it happens to look.
    told = set(engine.stop().splitlines()) - {"FromDevice(a1): Network is down"}
    assert told == {f"ToDevice(a1): {why}"}


def test_an_idle_engine_sleeps(hosts: tuple[Host, Host, Host], start: Start) -> None:
    left, middle, right = hosts
    engine = start(middle, FORWARD)
    with listening(left, "a") as at_left, listening(right, "b") as at_right:
        at_left.send(frame(0, 60))
        received(at_right, 1)
    status = Path(f"/proc/{engine.process.pid}/status")

    def switches() -> int:
        [line] = [line for line in status.read_text().splitlines() if line.startswith("voluntary")]
        return int(line.split()[1])

    before, ticks = switches(), engine.cpu_s()
    time.sleep(1)  # what is counted is how often it woke up in this second
    assert switches() - before < 20
    assert engine.cpu_s() - ticks < 0.05


def test_the_loopback_device_is_received_from(
    make_host: Callable[[str], Host], start: Start
) -> None:
    host = make_host("alone")
    host.route.link("set", index=host.namespace.index_of("lo"), state="up")
    engine = start(host, "f :: FromDevice(lo, METHOD AF_XDP) -> c :: Counter -> Discard;")
    assert engine.read("f.method").startswith("af_xdp (generic (native: Operation not supported)")
    with host.namespace.entered():
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sender:
        sender.sendto(b"to myself", ("127.0.0.1", 5004))
    until(lambda: engine.count("c.count") == 1)


def test_a_user_without_privileges_is_told_which_are_needed(
    hosts: tuple[Host, Host, Host],
) -> None:
    _, middle, _ = hosts
    config = "FromDevice(a1, METHOD AF_XDP) -> Discard;"
    identity = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    done = middle.run([*identity, engine_binary(), "click", "-e", config])
    assert done.returncode == 1
    reason = "AF_XDP needs root, or CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF"
    assert reason in done.stderr


def test_two_readers_of_a_device_are_refused(hosts: tuple[Host, Host, Host]) -> None:
    _, middle, _ = hosts
    reader = "FromDevice(a1, METHOD AF_XDP) -> Discard;"
    done = middle.run([engine_binary(), "click", "-e", reader + reader])
    assert done.returncode == 1
    assert "duplicate reader for this device; put a Tee behind the first" in done.stderr
