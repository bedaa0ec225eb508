"""What `weft trace` shows of hops, and what it refuses."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import arp, echo, ethernet, tcp, udp
from weft.cli.hops import hop_lines, packet_line
from weft.cli.main import run
from weft.cli.meaning import meaning
from weft.cli.trace import add_arguments, execute

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.model.trace import TraceRequest

MAC = ("02:00:00:00:00:02", "02:00:00:00:00:01")
ADDRESSES = ("10.0.0.1", "10.0.0.2")
DATAGRAM = udp(*ADDRESSES, (1000, 53), b"hello")
FRAME = ethernet(*MAC, 0x0800, DATAGRAM)


def snapshot(data: bytes, offset: int = 128, **more: Any) -> dict[str, Any]:
    return {"length": len(data), "offset": offset, "bytes": data.hex(), **more}


def hop(before: Any, after: Any, **more: Any) -> dict[str, Any]:
    return {
        "hop": 0,
        "packet": 1,
        "branch": 0,
        "from_branch": None,
        "element": "e",
        "class": "Element",
        "time_ns": 1_002_500,
        "left_ns": 1_003_000,
        "input": None if before is None else 0,
        "before": before,
        "outcome": "out",
        "output": 0,
        "reason": None,
        "after": after,
        **more,
    }


def lines(shown: dict[str, Any], *, full: bool = False) -> list[str]:
    return [line.text for line in hop_lines(shown, 1_000_000, full=full)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (FRAME, "IPv4 10.0.0.1 > 10.0.0.2, UDP 1000 > 53"),
        (
            ethernet(*MAC, 0x8100, b"\0\x05\x08\0" + DATAGRAM),
            "VLAN 5, IPv4 10.0.0.1 > 10.0.0.2, UDP 1000 > 53",
        ),
        (ethernet(*MAC, 0x0800, tcp(*ADDRESSES, (5, 80))), "IPv4 10.0.0.1 > 10.0.0.2, TCP 5 > 80"),
        (ethernet(*MAC, 0x0800, echo(*ADDRESSES)), "IPv4 10.0.0.1 > 10.0.0.2, ICMP type 8 code 0"),
        (
            ethernet(*MAC, 0x0806, arp(1, (MAC[1], "10.0.0.1"), ("00:00:00:00:00:00", "10.0.0.2"))),
            "ARP who has 10.0.0.2, tell 10.0.0.1",
        ),
        (
            ethernet(*MAC, 0x0806, arp(2, (MAC[1], "10.0.0.1"), (MAC[0], "10.0.0.2"))),
            "ARP 10.0.0.1 is at 02:00:00:00:00:01",
        ),
        (ethernet(*MAC, 0x894F, bytes.fromhex("0fc60103 000005fe")), "NSH path 5 index 254"),
        (
            ethernet(
                *MAC,
                0x86DD,
                bytes.fromhex("60000000 0008 11 40")
                + bytes(15)
                + b"\1"
                + bytes(15)
                + b"\2"
                + b"\0\7\0\x35",
            ),
            "IPv6 ::1 > ::2, UDP 7 > 53",
        ),
        (ethernet(*MAC, 0x0800, b"x"), ""),
    ],
)
def test_the_first_headers_are_told(data: bytes, said: str) -> None:
    start = "Ethernet 02:00:00:00:00:01 > 02:00:00:00:00:02"
    assert meaning(data) == ", ".join(filter(None, [start, said]))


def test_packets_without_ethernet_are_told_by_their_annotation_or_version() -> None:
    said = "IPv4 10.0.0.1 > 10.0.0.2, UDP 1000 > 53"
    assert meaning(DATAGRAM) == meaning(DATAGRAM, None, 0) == said
    assert meaning(FRAME, 0, 14).endswith(said)
    assert meaning(b"Random bullshit in a packet") == meaning(b"") == meaning(b"\x45", 0, 0) == ""


def test_the_type_of_what_is_known_to_be_a_frame_is_told() -> None:
    frame = ethernet(*MAC, 0x88B5, b"x")
    assert meaning(frame, 0) == "Ethernet 02:00:00:00:00:01 > 02:00:00:00:00:02, type 88b5"
    assert meaning(frame) == ""


def test_any_bytes_have_a_meaning_or_none() -> None:
    for length in range(len(FRAME)):
        for data in (FRAME[:length], DATAGRAM[:length], FRAME[:12] + b"\x81\0" * length):
            assert isinstance(meaning(data), str)


def test_a_packet_has_a_title_and_a_source_shows_all_bytes() -> None:
    shown = hop(None, snapshot(FRAME))
    assert packet_line(shown, again=False).text == (
        "packet 1: 47 bytes, Ethernet 02:00:00:00:00:01 > 02:00:00:00:00:02, "
        "IPv4 10.0.0.1 > 10.0.0.2, UDP 1000 > 53"
    )
    assert packet_line(shown, again=True).text == "packet 1, further"
    assert lines(shown) == [
        "      2.5 us  e :: Element [0]",
        "              0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00",
        "              0010  00 21 00 01 00 00 40 11 66 c9 0a 00 00 01 0a 00",
        "              0020  00 02 03 e8 00 35 00 0d a3 e2 68 65 6c 6c 6f",
    ]


def test_rows_with_changed_bytes_are_shown_before_and_after() -> None:
    changed = bytearray(FRAME)
    changed[22], changed[33] = 63, 9
    shown = hop(snapshot(FRAME), snapshot(bytes(changed)))
    assert lines(shown) == [
        "      2.5 us  [0] e :: Element [0]  2 bytes changed",
        "            - 0010  00 21 00 01 00 00 40 11 66 c9 0a 00 00 01 0a 00",
        "            + 0010  00 21 00 01 00 00 3f 11 66 c9 0a 00 00 01 0a 00",
        "                                      ^^",
        "            - 0020  00 02 03 e8 00 35 00 0d a3 e2 68 65 6c 6c 6f",
        "            + 0020  00 09 03 e8 00 35 00 0d a3 e2 68 65 6c 6c 6f",
        "                       ^^",
    ]
    [_, removed, *_] = hop_lines(shown, 0, full=False)
    assert [removed.text[start:end] for start, end in removed.changed] == ["40"]
    assert len(lines(shown, full=True)) == 8


def test_bytes_that_come_and_go_in_front_and_behind_shift_the_comparison() -> None:
    assert lines(hop(snapshot(FRAME), snapshot(FRAME[14:], 142))) == [
        "      2.5 us  [0] e :: Element [0]  14 bytes less in front; 33 bytes"
    ]
    assert lines(hop(snapshot(b"abcdef", 128), snapshot(b"01abcdef!", 126))) == [
        "      2.5 us  [0] e :: Element [0]  2 bytes more in front; 1 bytes more at the end; 9 bytes",
        "            - 0000        61 62 63 64 65 66",
        "            + 0000  30 31 61 62 63 64 65 66 21",
        "                    ^^ ^^                   ^^",
    ]
    # Moved to another place as it is.
    assert lines(hop(snapshot(FRAME, 128), snapshot(FRAME, 200))) == [
        "      2.5 us  [0] e :: Element [0]"
    ]


def test_annotations_that_change_are_told() -> None:
    area = bytearray(48)
    area[20], area[44] = 5, 2
    before = snapshot(FRAME, paint=1, link=0, packet_type=3)
    after = snapshot(
        FRAME[14:],
        142,
        network=0,
        transport=20,
        destination="10.0.0.2",
        annotations=area.hex(),
        nsh={"spi": 5, "si": 254, "ttl": 63, "md_type": 2, "metadata": ""},
    )
    [line] = lines(hop(before, after))
    assert line.split("; ")[2:] == [
        "link header forgotten",
        "network header at 0",
        "transport header at 20",
        "paint 1 -> 0",
        "destination none -> 10.0.0.2",
        "packet type otherhost -> host",
        "mark 0 -> 2",
        "annotation 20: 0 -> 5",
        "NSH none -> path 5 index 254 ttl 63 metadata",
    ]
    # A header stays where it is when the front moves.
    moved = hop(snapshot(FRAME, network=14), snapshot(FRAME[14:], 142, network=0))
    assert lines(moved)[0].endswith("14 bytes less in front; 33 bytes")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"outcome": "dropped", "output": None, "reason": "denied"},
            "[0] e :: Element  dropped: denied",
        ),
        (
            {"outcome": "dropped", "reason": "unconnected"},
            "[0] e :: Element [0]  dropped behind it: unconnected",
        ),
        ({"outcome": "sent", "output": None}, "[0] e :: Element  sent"),
        ({"outcome": "kept", "output": None}, "[0] e :: Element  still there"),
        ({"branch": 2, "from_branch": 0}, "[0] e :: Element [0]  copy 2 of the packet"),
        ({"branch": 3, "from_branch": 2}, "[0] e :: Element [0]  copy 3 of 2"),
        ({"branch": 3}, "[0] e :: Element [0]  copy 3"),
    ],
)
def test_what_becomes_of_a_packet_is_told(more: dict[str, Any], said: str) -> None:
    after = None if more.get("output", 0) is None else snapshot(FRAME)
    assert lines(hop(snapshot(FRAME), after, **more)) == [f"      2.5 us  {said}"]


STATE = {
    **{"id": "x", "state": "running", "ending": None, "message": None, "revision": 1},
    **{"seen": 3, "matched": 2, "chosen": 1, "passed_over": 0, "most_hops": 256, "cut": []},
}


class Client:
    """Tells of a trace in the looks it is given."""

    def __init__(self, *looks: dict[str, Any]) -> None:
        self.looks = looks
        self.request: TraceRequest | None = None

    async def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        assert name == "fw"
        self.request = request
        for look in self.looks:
            yield {**STATE, **look}


def shown(
    client: Client,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[int, str, str]:
    monkeypatch.setattr("weft.cli.trace.local_client", lambda: client)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    status = execute(parser.parse_args(["fw", *words.split()]))
    told = capsys.readouterr()
    return status, told.out, told.err


KEPT = hop(snapshot(b"a"), None, hop=1, outcome="kept", output=None)
OTHER = hop(None, snapshot(b"b"), hop=2, packet=2)
GONE = hop(snapshot(b"a"), None, hop=1, outcome="sent", output=None, time_ns=1_003_500)


def test_a_hop_is_shown_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = hop(None, snapshot(b"a"))
    end = {"state": "ended", "ending": "complete", "message": "all is over"}
    client = Client(
        {"hops": [OTHER, KEPT, first]}, {"hops": []}, {"hops": [GONE], "cut": [1], **end}
    )
    assert shown(client, "--filter udp --every 3", monkeypatch, capsys) == (
        0,
        "packet 1: 1 bytes\n"
        "      0.0 us  e :: Element [0]\n"
        "              0000  61\n"
        "packet 2: 1 bytes\n"
        "      0.0 us  e :: Element [0]\n"
        "              0000  62\n"
        "packet 1, further\n"
        "      1.0 us  [0] e :: Element  sent\n"
        "packet 1 had more than 256 hops; the others are not kept\n",
        "weft: all is over: packets seen: 3, matched: 2, traced: 1\n",
    )
    assert client.request is not None
    assert (client.request.expression, client.request.every) == ("udp", 3)


def test_what_is_not_over_is_shown_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client({"hops": [KEPT], "state": "ended", "message": "it was stopped"})
    status, out, _ = shown(client, "-o json", monkeypatch, capsys)
    told, end = map(json.loads, out.splitlines())
    assert (status, told, end["message"]) == (0, KEPT, "it was stopped")
    assert not {"hops", "revision"} & set(end)


def test_no_packet_in_time_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client({"hops": [], "chosen": 0, "matched": 0, "state": "ended", "message": "over"})
    status, out, said = shown(client, "", monkeypatch, capsys)
    assert (status, out) == (1, "")
    assert said == "weft: over: packets seen: 3, matched: 0, traced: 0\n"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["--count", "0"], "--count 0: allowed: 1 to 1000"),
        (["--every", "0"], "--every 0: allowed: 1 to 4294967295"),
        (["--bytes-per-hop", "4096"], "--bytes-per-hop 4096: allowed: 0 to 2048"),
        (["--timeout", "0"], "--timeout 0: allowed: more than 0 seconds"),
    ],
)
def test_numbers_out_of_range_are_refused(
    words: list[str], refusal: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["trace", "fw", *words]) == 2
    assert capsys.readouterr().err == f"weft: {refusal}\n"
