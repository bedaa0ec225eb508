"""The router on capture files: each frame that leaves, byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tests.support.captured import on_files
from tests.support.frames import arp, checksum, echo, ethernet, ipv4, tcp, udp

PACKAGE = str(Path(__file__).parent)
LAN, WAN = "02:00:00:00:00:01", "02:00:00:00:00:02"
CLIENT, SERVER, GATEWAY, FAR = "10.0.0.7", "10.0.1.7", "10.0.1.254", "198.51.100.9"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:07:01", "02:00:00:00:07:02"
ANY_MAC, BROADCAST = "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"

TO_CLIENT = ethernet(CLIENT_MAC, LAN, 0x0800, b"")
TO_SERVER = ethernet(SERVER_MAC, WAN, 0x0800, b"")


def to_router(datagram: bytes, kind: int = 0x0800, mac: str = LAN) -> bytes:
    return ethernet(mac, CLIENT_MAC, kind, datagram)


def asked(own: tuple[str, str], wanted: str) -> bytes:
    return ethernet(BROADCAST, own[0], 0x0806, arp(1, own, (ANY_MAC, wanted)))


def told(owner: tuple[str, str], asking: tuple[str, str]) -> bytes:
    return ethernet(asking[0], owner[0], 0x0806, arp(2, owner, asking))


KNOW_CLIENT = told((CLIENT_MAC, CLIENT), (LAN, "10.0.0.1"))
ASK_CLIENT = asked((LAN, "10.0.0.1"), CLIENT)


def knows(address: str) -> bytes:
    """The neighbour at `wan` says who has an address."""
    return told((SERVER_MAC, address), (WAN, "10.0.1.1"))


def asks(address: str) -> bytes:
    return asked((WAN, "10.0.1.1"), address)


def sent(frame: bytes) -> bytes:
    """A datagram of the sender's, one hop later."""
    return lowered(frame, 1)


def lowered(datagram: bytes, by: int) -> bytes:
    head = bytearray(datagram[:20])
    head[8] -= by
    head[10:12] = bytes(2)
    head[10:12] = struct.pack("!H", checksum(bytes(head)))
    return bytes(head) + datagram[20:]


def error(kind: int, code: int, about: bytes, rest: int = 0, own: str = "10.0.0.1") -> bytes:
    """What the router tells the sender of a datagram."""
    message = struct.pack("!BBHI", kind, code, 0, rest) + about[: 576 - 28]
    message = message[:2] + struct.pack("!H", checksum(message)) + message[4:]
    return ipv4(own, CLIENT, 1, message, ttl=199)


def routed(
    folder: Path, at_lan: list[bytes], at_wan: list[bytes], *settings: str
) -> tuple[list[bytes], list[bytes]]:
    arriving = {"lan": at_lan, "wan": at_wan, "dmz": []}
    left = on_files(folder, PACKAGE, arriving, *settings)
    assert left["dmz"] == []
    return left["lan"], left["wan"]


def without_id(frame: bytes) -> bytes:
    """A frame without what counts the router's own datagrams: identification and checksum."""
    return frame[:18] + frame[20:24] + frame[26:]


def routes(folder: Path, *lines: str) -> str:
    file = folder / "mine.txt"
    file.write_text("".join(f"{line}\n" for line in lines))
    return f"ROUTES={file}"


def test_a_neighbour_is_asked_for_and_gets_the_packet_one_hop_older(tmp_path: Path) -> None:
    datagram = udp(CLIENT, SERVER, (4000, 5000), b"hello")
    at_lan, at_wan = routed(tmp_path, [to_router(datagram)], [knows(SERVER)])
    assert at_lan == []
    assert at_wan == [asks(SERVER), TO_SERVER + sent(datagram)]


@pytest.mark.parametrize(
    "line",
    [
        f"{FAR} via {GATEWAY}",
        f"198.51.100.0/24 via {GATEWAY} dev wan",
        f"default via {GATEWAY}",
    ],
)
def test_a_gateway_gets_what_is_beyond_it(tmp_path: Path, line: str) -> None:
    datagram = tcp(CLIENT, FAR, (4000, 80))
    mine = routes(tmp_path, "# mine", "", line, "203.0.113.0/24 unreachable")
    at_lan, at_wan = routed(tmp_path, [to_router(datagram)], [knows(GATEWAY)], mine)
    assert at_lan == []
    assert at_wan == [asks(GATEWAY), TO_SERVER + sent(datagram)]


@pytest.mark.parametrize(
    ("datagram", "answer"),
    [
        (udp(CLIENT, FAR, (1, 2)), lambda about: error(3, 0, about)),
        (udp(CLIENT, "203.0.113.1", (1, 2)), lambda about: error(3, 0, about)),
        (udp(CLIENT, "10.0.0.1", (1, 2)), lambda about: error(3, 3, about)),
        (tcp(CLIENT, "10.0.1.1", (1, 2)), lambda about: error(3, 2, about)),
        (ipv4(CLIENT, SERVER, 17, b"12345678", ttl=1), lambda about: error(11, 0, about)),
        (echo(CLIENT, "10.0.0.1"), lambda _: echo("10.0.0.1", CLIENT, kind=0, ttl=254)),
        (echo(CLIENT, "10.0.2.1"), lambda _: echo("10.0.2.1", CLIENT, kind=0, ttl=254)),
    ],
    ids=["no-route", "unreachable", "port", "protocol", "ttl", "ping", "ping-other-side"],
)
def test_senders_are_answered(tmp_path: Path, datagram: bytes, answer) -> None:  # type: ignore[no-untyped-def]
    mine = routes(tmp_path, "203.0.113.0/24 unreachable")
    at_lan, at_wan = routed(tmp_path, [to_router(datagram), KNOW_CLIENT], [], mine)
    assert at_wan == []
    assert at_lan[0] == ASK_CLIENT
    assert without_id(at_lan[1]) == without_id(TO_CLIENT + answer(datagram))
    assert len(at_lan) == 2


def test_what_is_too_long_is_cut_or_its_sender_is_told(tmp_path: Path) -> None:
    datagram = udp(CLIENT, SERVER, (1, 2), bytes(range(256)) * 5)
    kept = datagram[:6] + b"\x40\x00" + datagram[8:]
    kept = lowered(kept, 0)
    at_lan, at_wan = routed(
        tmp_path, [to_router(kept), to_router(datagram), KNOW_CLIENT], [knows(SERVER)], "MTU=1000"
    )
    assert [len(frame) - 14 for frame in at_wan[1:]] == [996, 20 + 1288 - 976]
    assert b"".join(frame[34:] for frame in at_wan[1:]) == datagram[20:]
    assert [frame[20:22].hex() for frame in at_wan[1:]] == ["2000", "007a"]
    # What could not be cut had been one hop older when that was found.
    about = sent(kept)
    assert without_id(at_lan[1]) == without_id(TO_CLIENT + error(3, 4, about, rest=1000))


def test_arp_is_answered_for_its_own_addresses_only(tmp_path: Path) -> None:
    def question(wanted: str) -> bytes:
        return asked((CLIENT_MAC, CLIENT), wanted)

    at_lan, _ = routed(tmp_path, [question("10.0.0.1"), question("10.0.0.9")], [])
    assert at_lan == [told((LAN, "10.0.0.1"), (CLIENT_MAC, CLIENT))]


@pytest.mark.parametrize(
    "frame",
    [
        to_router(udp(CLIENT, SERVER, (1, 2)), mac=SERVER_MAC),
        to_router(udp(CLIENT, SERVER, (1, 2)), mac=BROADCAST),
        to_router(udp(CLIENT, "10.0.1.255", (1, 2))),
        to_router(udp(CLIENT, "224.0.0.5", (1, 2))),
        to_router(udp(CLIENT, "127.0.0.1", (1, 2))),
        to_router(udp("10.0.0.255", SERVER, (1, 2))),
        to_router(b"\x45" + bytes(30)),
        to_router(b"\x60".ljust(40, b"\0"), 0x86DD),
        to_router(lowered(udp(CLIENT, "10.0.0.1", (1, 2)), 0)[:6] + b"\x00\x09" + bytes(30)),
    ],
    ids=[
        *("other-station", "link-broadcast", "network-broadcast", "group", "loopback"),
        *("bad-source", "bad-header", "ipv6", "bad-checksum"),
    ],
)
def test_what_a_router_must_not_pass_goes_nowhere(tmp_path: Path, frame: bytes) -> None:
    assert routed(tmp_path, [frame, KNOW_CLIENT], [knows(SERVER)]) == ([], [])
