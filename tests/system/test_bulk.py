"""Real TCP in bulk, and frames of every kind that a veth changes on its way: all arrive as sent."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import frames
from tests.support.hosts import between
from weft.server.namespaces import Namespace

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

FIREWALL = str(Path(__file__).resolve().parents[2] / "functions" / "stateless-firewall")
LEFT, RIGHT = "10.9.0.1", "10.9.0.2"
LEFT_MAC, RIGHT_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
OWN, OWN_MAC = "10.9.0.254", "02:00:00:00:00:fe"
BROADCAST = "ff:ff:ff:ff:ff:ff"
BULK_BYTES = 24 << 20
SOL_PACKET, PACKET_AUXDATA = 263, 8
TAG_VALID = 1 << 4
OUTGOING = 4


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    left.keep_silent()
    right.keep_silent()
    return left, right


def start(weft: Weft, package: str, pair: tuple[Host, Host], *settings: str) -> int:
    """Run a package between the hosts; the process id of its process 1."""
    left, right = pair
    joins = between(left, right)
    for setting in settings:
        joins += ["--set", setting]
    weft("run", package, "-d", "--name", "f", *joins)
    [row] = weft.ps()
    pid: int = row["pid"]
    return pid


def addressed(pair: tuple[Host, Host], device: str = "eth0") -> None:
    pair[0].configure(device, LEFT)
    pair[1].configure(device, RIGHT)


class Exchange:
    """One TCP connection on which both ends send at once; what arrived, by digest."""

    def __init__(self, pair: tuple[Host, Host], port: int, size: int = BULK_BYTES) -> None:
        left, right = pair
        with right.namespace.entered():
            listener = socket.create_server((RIGHT, port))
        with left.namespace.entered():
            caller = socket.socket()
        with listener, caller:
            caller.settimeout(10)
            caller.connect((RIGHT, port))
            called, _ = listener.accept()
            with called:
                called.settimeout(10)
                self.went, self.came = self._run(caller, called, size)

    @staticmethod
    def _run(caller: socket.socket, called: socket.socket, size: int) -> tuple[set[str], set[str]]:
        """The digests sent and received from left to right, and from right to left."""
        block = os.urandom(1 << 20)
        digests: dict[str, str] = {}

        def send(handle: socket.socket, way: str, seed: bytes) -> None:
            digest = hashlib.sha256()
            for number in range(size // len(block)):
                piece = seed + struct.pack("!Q", number) + block[9:]
                digest.update(piece)
                handle.sendall(piece)
            handle.shutdown(socket.SHUT_WR)
            digests[f"sent {way}"] = digest.hexdigest()

        def receive(handle: socket.socket, way: str) -> None:
            digest = hashlib.sha256()
            while piece := handle.recv(1 << 20):
                digest.update(piece)
            digests[f"received {way}"] = digest.hexdigest()

        threads = [
            threading.Thread(target=send, args=(caller, "right", b">")),
            threading.Thread(target=send, args=(called, "left", b"<")),
            threading.Thread(target=receive, args=(caller, "left")),
            threading.Thread(target=receive, args=(called, "right")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return tuple(  # type: ignore[return-value]
            {digests.get(f"sent {way}", "not sent"), digests.get(f"received {way}", "not received")}
            for way in ("right", "left")
        )

    def assert_intact(self) -> None:
        """One digest each way: what was sent is what was received."""
        assert len(self.went) == 1
        assert len(self.came) == 1
        assert self.went != self.came


def sent_frames(host: Host) -> int:
    """What the kernel of a host handed to its device: a large frame counts once."""
    [link] = host.route.get_links(host.namespace.index_of("eth0"))
    count: int = link.get_attr("IFLA_STATS64")["tx_packets"]
    return count


def test_tcp_in_bulk_passes_the_firewall_intact_both_ways(
    weft: Weft, pair: tuple[Host, Host]
) -> None:
    start(weft, FIREWALL, pair)
    addressed(pair)
    Exchange(pair, 80).assert_intact()
    # The hosts left segmentation to their devices: the function saw more than they sent.
    assert sent_frames(pair[0]) < BULK_BYTES // 1500
    assert int(weft("read", "f", "passed_out.count")) > BULK_BYTES // 1500
    assert int(weft("read", "f", "passed_in.count")) > BULK_BYTES // 1500
    assert [
        int(weft("read", "f", f"dropped_{reason}.count")) for reason in ("bad_header", "unasked")
    ] == [0, 0]


def test_full_and_fragmented_datagrams_arrive(
    weft: Weft, pair: tuple[Host, Host], wire: str
) -> None:
    start(weft, wire, pair)
    addressed(pair)
    with pair[1].namespace.entered():
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with pair[0].namespace.entered():
        caller = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener, caller:
        listener.bind((RIGHT, 9))
        listener.settimeout(10)
        for size in (1472, 1473, 6000, 40_000):
            data = os.urandom(size)
            caller.sendto(data, (RIGHT, 9))
            assert listener.recv(65536) == data


def packet_socket(host: Host, device: str = "eth0", protocol: int = 3) -> socket.socket:
    with host.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    handle.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    handle.settimeout(10)
    handle.bind((device, protocol))
    return handle


def whole_frame(handle: socket.socket) -> bytes:
    """The next frame that came in, with the tag that the kernel has taken out of it."""
    while True:
        data, notes, _, address = handle.recvmsg(65536, 256)
        if address[2] != OUTGOING:
            break
    [note] = [data for level, kind, data in notes if (level, kind) == (SOL_PACKET, PACKET_AUXDATA)]
    status, _, _, _, _, tag, kind = struct.unpack("IIIHHHH", note)
    return data[:12] + struct.pack("!HH", kind, tag) + data[12:] if status & TAG_VALID else data


@pytest.mark.parametrize(
    "tags",
    ["", "8100 0005", "8100 e005", "88a8 0007", "88a8 0007 8100 0005"],
    ids=["none", "vlan", "vlan-with-priority", "service", "two"],
)
@pytest.mark.parametrize("length", [60, 1514])
def test_frames_keep_their_tags(
    weft: Weft, pair: tuple[Host, Host], wire: str, tags: str, length: int
) -> None:
    start(weft, wire, pair)
    # The kernel grants a sender four bytes beyond the MTU for one tag of the plain kind.
    most = 1518 if tags.startswith("8100") else 1514
    length = min(length, most - len(bytes.fromhex(tags)))
    payload = frames.udp(LEFT, RIGHT, (7, 9), bytes(range(256)) * 6)[: length - 14]
    plain = frames.ethernet(RIGHT_MAC, LEFT_MAC, 0x0800, payload)
    tagged = plain[:12] + bytes.fromhex(tags) + plain[12:]
    with packet_socket(pair[0]) as left, packet_socket(pair[1]) as right:
        for here, there in ((left, right), (right, left)):
            here.send(tagged)
            assert whole_frame(there) == tagged


def test_tcp_in_bulk_passes_in_jumbo_frames(weft: Weft, pair: tuple[Host, Host], wire: str) -> None:
    pid = start(weft, wire, pair)
    with Namespace.of_process(pid) as inside:
        ends = [(pair[0].namespace, "eth0"), (inside, "in"), (inside, "out")]
        for namespace, device in [*ends, (pair[1].namespace, "eth0")]:
            namespace.route.link("set", index=namespace.index_of(device), mtu=9000)
    addressed(pair)
    pinged = pair[0].run(["ping", "-n", "-c", "1", "-W", "5", "-M", "do", "-s", "8972", RIGHT])
    assert pinged.returncode == 0, pinged.stdout
    Exchange(pair, 80).assert_intact()


def ipv6(protocol: int, target: str, payload: bytes) -> bytes:
    """A datagram from a link-local address, its ICMPv6 checksum right."""
    source = socket.inet_pton(socket.AF_INET6, "fe80::1")
    addresses = source + socket.inet_pton(socket.AF_INET6, target)
    total = frames.checksum(addresses + struct.pack("!II", len(payload), protocol) + payload)
    payload = payload[:2] + struct.pack("!H", total) + payload[4:]
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + addresses + payload


def link_local(mac: str) -> str:
    """The address that IPv6 derives from a MAC."""
    parts = bytearray(bytes.fromhex(mac.replace(":", "")))
    parts[0] ^= 2
    host = bytes(parts[:3]) + b"\xff\xfe" + bytes(parts[3:])
    return socket.inet_ntop(socket.AF_INET6, b"\xfe\x80" + bytes(6) + host)


def temptations(mac: str) -> list[bytes]:
    """Frames that a stack with the device of this MAC might answer."""
    own6 = link_local(mac)
    solicitation = struct.pack("!BBHI", 135, 0, 0, 0) + socket.inet_pton(socket.AF_INET6, own6)
    echo6 = struct.pack("!BBHHH", 128, 0, 0, 1, 1) + b"weft"
    listeners = struct.pack("!BBHHH16s", 130, 0, 0, 1000, 0, bytes(16))
    nobody = ("00:00:00:00:00:00", "127.0.0.1")
    return [
        frames.ethernet(BROADCAST, LEFT_MAC, 0x0806, frames.arp(1, (LEFT_MAC, LEFT), nobody)),
        frames.ethernet("33:33:00:00:00:01", LEFT_MAC, 0x86DD, ipv6(58, "ff02::1", echo6)),
        frames.ethernet("33:33:00:00:00:01", LEFT_MAC, 0x86DD, ipv6(58, "ff02::1", listeners)),
        frames.ethernet(mac, LEFT_MAC, 0x86DD, ipv6(58, own6, solicitation)),
        frames.ethernet(mac, LEFT_MAC, 0x86DD, ipv6(58, own6, echo6)),
        *(
            frames.ethernet(mac, LEFT_MAC, 0x0800, payload)
            for target in ("127.0.0.1", "224.0.0.1", "255.255.255.255", RIGHT)
            for payload in (
                frames.echo(LEFT, target),
                frames.tcp(LEFT, target, (5000, 22)),
                frames.udp(LEFT, target, (5000, 9)),
            )
        ),
    ]


def incoming(handle: socket.socket, for_s: float) -> list[bytes]:
    """What came in from other machines until nothing came for a while."""
    found: list[bytes] = []
    handle.settimeout(for_s)
    while True:
        try:
            frame, address = handle.recvfrom(65536)
        except TimeoutError:
            return found
        if address[2] != OUTGOING:
            found.append(frame)


def test_a_sandbox_says_nothing_of_its_own(weft: Weft, pair: tuple[Host, Host]) -> None:
    """No ARP reply, no ICMP, no ICMPv6, no RST; the function's own answers, and nothing else."""
    sniffers = []
    for host in pair:
        with host.namespace.entered():  # on every device that will come
            sniffers.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    pid = start(weft, FIREWALL, pair, f"ADDRESS={OWN}", f"MAC={OWN_MAC}")
    with Namespace.of_process(pid) as inside:
        [link] = inside.route.get_links(inside.index_of("in"))
        mac = link.get_attr("IFLA_ADDRESS")
        assert list(inside.route.get_addr(index=link["index"])) == []
    tempting = temptations(mac)
    asking = frames.arp(1, (LEFT_MAC, LEFT), ("00:00:00:00:00:00", OWN))
    with packet_socket(pair[0]) as left:
        for frame in tempting:
            left.send(frame)
        left.send(frames.ethernet(BROADCAST, LEFT_MAC, 0x0806, asking))
        left.send(frames.ethernet(OWN_MAC, LEFT_MAC, 0x0800, frames.tcp(LEFT, OWN, (5000, 22))))
        left.send(frames.ethernet(OWN_MAC, LEFT_MAC, 0x0800, frames.echo(LEFT, OWN)))
    deadline = time.monotonic() + 10
    while weft("read", "f", "answered_ping.count") != "1\n":
        assert time.monotonic() < deadline
    answer = frames.arp(2, (OWN_MAC, OWN), (LEFT_MAC, LEFT))
    with sniffers[0] as at_left, sniffers[1] as at_right:
        arp_reply, pong = incoming(at_left, 1.0)
        assert arp_reply == frames.ethernet(LEFT_MAC, OWN_MAC, 0x0806, answer)
        assert (pong[:14], pong[23], pong[34]) == (
            frames.ethernet(LEFT_MAC, OWN_MAC, 0x0800, b""),
            1,
            0,
        )
        # The firewall passes ARP for others on.
        assert incoming(at_right, 0.2) == [tempting[0]]
