"""Components in a service function path: headers changed in place, packets that stem from others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame
from tests.support.component_children import CHILDREN
from tests.support.component_engine import until

if TYPE_CHECKING:
    from pathlib import Path

OUTER = bytes.fromhex("020000000001 020000000002 894f")
CONTEXT = bytes(range(0xA0, 0xB0))
AWARE, UNAWARE = "NSHFunction", "NSHProxy"

TENANT = bytes.fromhex("01000706") + b"tenant\0\0"
UNKNOWN = bytes.fromhex("fff0ff83 010203 00")
EMPTY = bytes.fromhex("00010200")
REPLACED = bytes.fromhex("01000709") + b"replaced!\0\0\0"
ADDED = bytes.fromhex("01020305") + b"added\0\0\0"
SAID = bytes.fromhex("01000706") + b"tenant" + bytes.fromhex("fff0ff83 010203 00010200")
"""TENANT, UNKNOWN and EMPTY as the child writes them down: without padding."""


@dataclass(frozen=True)
class Header:
    """A Network Service Header (RFC 8300): MD type 1, or 2 with these context headers."""

    spi: int = 10
    si: int = 200
    context: bytes = CONTEXT
    tlvs: bytes | None = None
    ttl: int = 42

    def before(self, inner: bytes) -> bytes:
        """The frame on the network: Ethernet, the header, and the inner frame."""
        metadata = self.context if self.tlvs is None else self.tlvs
        first = self.ttl << 6 | (8 + len(metadata)) // 4
        kind = 1 if self.tlvs is None else 2
        path = (self.spi << 8 | self.si).to_bytes(4, "big")
        return OUTER + first.to_bytes(2, "big") + bytes([kind, 3]) + path + metadata + inner

    def passed(self) -> Header:
        """As it leaves a function that left it alone."""
        return replace(self, si=self.si - 1)


FIXED = Header()
VARIABLE = Header(tlvs=TENANT + UNKNOWN + EMPTY)
BARE = Header(tlvs=b"")


@pytest.fixture
def bench(sdk_bench: Bench) -> Bench:
    """Elements do all this in their own way: see test_click_chains.py."""
    return sdk_bench


def sides(arguments: str = "", edge: str = AWARE) -> Sides:
    return Sides(
        arguments=arguments,
        before=f"CheckNSHHeader(14) -> edge :: {edge} [0] -> ",
        behind="[1] edge [1] -> ",
    )


def new(number: int) -> bytes:
    """A packet that the child makes."""
    return bytes(12) + bytes([0x88, 0xB5, 0xEE, number]) + b"\x77" * 44


def wait(bench: Bench, count: int) -> list[bytes]:
    """What has left once so many packets have: new ones are nothing that `exchange` waits for."""
    until(lambda: bench.engine.number("out0.count") == count, f"{count} packets leave")
    return bench.outputs()[0]


def edge_drops(bench: Bench) -> dict[str, int]:
    return bench.engine.drops("edge")


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_headers_pass_unchanged_but_for_the_service_index(
    bench: Bench, private: str, edge: str
) -> None:
    frames = [frame(1, n, 64 + n, n) for n in range(30)]
    flipped = [f[:16] + bytes(b ^ 0x5A for b in f[16:]) for f in frames]
    headers = [(FIXED, VARIABLE, BARE)[n % 3] for n in range(30)]
    sent = [h.before(f) for h, f in zip(headers, frames, strict=True)]
    bench.exchange(sent, sides(private, edge))
    bench.expect([[h.passed().before(f) for h, f in zip(headers, flipped, strict=True)]])
    assert edge_drops(bench) == bench.drops == {}
    bench.account()


def test_a_header_is_read(bench: Bench, private: str) -> None:
    """Metadata as they are written down, then TTL, O bit, next protocol and context headers."""
    frames = [
        frame(11, 0, 64),
        frame(21, 0, 64),
        frame(21, 0, 80),
        frame(11, 0, 80),
        frame(21, 0, 64),
    ]
    headers = [FIXED, FIXED, VARIABLE, VARIABLE, BARE]
    said = [
        bytes.fromhex("00000000 0000000a c8 01") + CONTEXT,
        bytes([42, 0, 3, 0]),
        bytes([42, 0, 3, 3]) + SAID,
        bytes.fromhex("00000000 0000000a c8 02") + bytes(16),
        bytes([42, 0, 3, 0]),
    ]
    received = bench.exchange(
        [h.before(f) for h, f in zip(headers, frames, strict=True)], sides(private)
    )[0]
    for got, header, sent, words in zip(received, headers, frames, said, strict=True):
        end = 16 + len(words)
        rest = sent[50:] if sent[14] == 11 else sent[end:]  # a timestamp stands behind metadata
        assert got[: len(got) - len(rest)][
            : -8 if sent[14] == 11 else None
        ] == header.passed().before(sent[:16] + words)
        assert got.endswith(rest)
    bench.account()


def test_a_header_that_is_not_exposed_is_not_seen_but_kept(bench: Bench, private: str) -> None:
    """The unaware function's child sees no header, and what it would write goes nowhere."""
    kinds = [(11, 0), (12, 9), (20, 9), (21, 0), (22, 0)]
    frames = [frame(*kind, 64) for kind in kinds]
    shown = frames[0][:16] + bytes(26)
    received = bench.exchange([VARIABLE.before(f) for f in frames], sides(private, UNAWARE))[0]
    assert received[0].startswith(VARIABLE.passed().before(shown))
    assert received[1:] == [VARIABLE.passed().before(f) for f in frames[1:]]
    bench.account()


def test_path_and_context_are_changed(bench: Bench, private: str) -> None:
    """A function that sets identifier or index itself re-classifies: the index is not counted down."""
    frames = [frame(20, 7, 64), frame(20, 8, 64), frame(12, 5, 64), frame(12, 5, 64)]
    headers = [FIXED, VARIABLE, FIXED, VARIABLE]
    context = bytes(range(5, 21))
    changed = [
        replace(FIXED, spi=0x010207, si=7),
        replace(VARIABLE, spi=0x010208, si=8),
        replace(FIXED, si=5, context=context),
        replace(VARIABLE, si=5),
    ]
    bench.exchange([h.before(f) for h, f in zip(headers, frames, strict=True)], sides(private))
    bench.expect([[h.before(f) for h, f in zip(changed, frames, strict=True)]])
    bench.account()


def test_context_headers_are_added_replaced_and_removed(bench: Bench, private: str) -> None:
    """Unknown ones, and those with an unassigned bit, stay as they are."""
    changes = {
        0: TENANT + UNKNOWN + EMPTY + ADDED,
        1: REPLACED + UNKNOWN + EMPTY,
        2: UNKNOWN + EMPTY,
        3: b"",
    }
    frames = [frame(22, n, 64) for n in changes]
    expected = [
        replace(VARIABLE, si=199, tlvs=tlvs).before(f)
        for f, tlvs in zip(frames, changes.values(), strict=True)
    ]
    expected.append(replace(BARE, si=199, tlvs=ADDED).before(frames[0]))
    expected += [FIXED.passed().before(f) for f in frames[2:]]
    sent = [VARIABLE.before(f) for f in frames] + [BARE.before(frames[0])]
    sent += [FIXED.before(f) for f in frames[2:]]
    bench.exchange(sent, sides(private))
    bench.expect([expected])
    bench.account()


def test_what_is_no_context_header_costs_the_packet(bench: Bench, private: str) -> None:
    """Not the component, which goes on."""
    frames = [frame(22, 4, 64), frame(0, 1, 64), frame(22, 4, 64), frame(0, 2, 64)]
    bench.exchange([VARIABLE.before(f) for f in frames], sides(private))
    bench.expect([[VARIABLE.passed().before(f) for f in (frames[1], frames[3])]])
    assert bench.drops == {"nsh-tlv": 2}
    bench.account()


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_new_packets_have_the_header_of_the_packet_they_stem_from(
    bench: Bench, private: str, edge: str
) -> None:
    headers = [replace(FIXED, spi=1), replace(VARIABLE, spi=2), replace(BARE, spi=3)]
    frames = [frame(23, n, 64, n) for n in (1, 3, 2)]
    expected = [
        h.passed().before(packet)
        for h, f in zip(headers, frames, strict=True)
        for packet in (*map(new, range(f[15])), f)
    ]
    bench.exchange(
        [h.before(f) for h, f in zip(headers, frames, strict=True)], sides(private, edge)
    )
    bench.expect([expected])
    assert edge_drops(bench) == {}
    bench.account(emitted=6)


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_a_packet_may_leave_before_those_that_stem_from_it(
    bench: Bench, private: str, edge: str
) -> None:
    headers = [replace(h, spi=number) for number in range(15) for h in (FIXED, VARIABLE)]
    frames = [frame(24, n, 64, n) for n in range(30)]
    expected = [
        h.passed().before(packet)
        for h, f in zip(headers, frames, strict=True)
        for packet in (f, new(f[15]))
    ]
    sent = [h.before(f) for h, f in zip(headers, frames, strict=True)]
    bench.exchange(sent, sides(private, edge))
    wait(bench, 60)
    bench.expect([expected])
    assert (bench.drops, edge_drops(bench)) == ({}, {})
    bench.account(emitted=30)


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_clones_have_the_header_of_their_original(bench: Bench, private: str, edge: str) -> None:
    headers = [replace(FIXED, spi=1), replace(VARIABLE, spi=2)]
    frames = [frame(9, 2, 64), frame(9, 1, 4000)]
    expected = [
        h.passed().before(packet)
        for h, f in zip(headers, frames, strict=True)
        for packet in (*(f[:15] + bytes([0x80 + i]) + f[16:] for i in range(f[15])), f)
    ]
    sent = [h.before(f) for h, f in zip(headers, frames, strict=True)]
    bench.exchange(sent, sides(private, edge))
    bench.expect([expected])
    assert edge_drops(bench) == {}
    bench.account(emitted=3)


def test_packets_that_stem_from_none_have_no_header(bench: Bench, private: str) -> None:
    frames = [frame(8, 2, 64), frame(0, 0, 64)]
    bench.exchange([FIXED.before(f) for f in frames], sides(private))
    bench.expect([[FIXED.passed().before(f) for f in frames]])
    until(lambda: edge_drops(bench) == {"nsh-no-context": 2}, "both are dropped")


def test_a_component_that_is_full_does_not_wait_for_itself(c_bench: Bench, private: str) -> None:
    """What it returns passes through the element that it gets its packets from."""
    frames = [frame(1, 0, 64, n) for n in range(40)]
    flipped = [f[:16] + bytes(b ^ 0x5A for b in f[16:]) for f in frames]
    arguments = f"CAPACITY 20, {private}".rstrip(", ")
    around = replace(sides(arguments), source="BURST 20")
    c_bench.exchange([VARIABLE.before(f) for f in frames], around)
    c_bench.expect([[VARIABLE.passed().before(f) for f in flipped]])


def test_a_mark_is_not_passed_on_but_with_a_clone(bench: Bench, private: str) -> None:
    """Packets come marked, and CheckMark drops those that are not."""
    frames = [frame(23, 1, 64), frame(9, 1, 64)]
    clone = frames[1][:15] + b"\x80" + frames[1][16:]
    around = Sides(
        arguments=private,
        before="CheckNSHHeader(14) -> edge :: NSHFunction [0] -> SetMark(5) -> ",
        behind="marked :: CheckMark(5) -> [1] edge [1] -> ",
    )
    bench.exchange([FIXED.before(f) for f in frames], around)
    bench.expect([[FIXED.passed().before(f) for f in (frames[0], clone, frames[1])]])


OLD = """
import runpy, sys
from weft.component import component, protocol
component.FEATURE_NSH, protocol.MINOR = 0, 0
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_a_component_made_for_version_1_0_goes_on_as_before(tmp_path: Path, private: str) -> None:
    """It sees MD type 2 without context headers, which stay; it names no parents."""
    [python] = [kind for kind in CHILDREN if kind.name == "python"]

    def command(folder: Path, outputs: int) -> list[str]:
        interpreter, script = python.command(folder, outputs)
        return [interpreter, "-c", OLD, script]

    bench = Bench(replace(python, name="old", command=command), tmp_path)
    try:
        frames = [frame(20, 7, 64), frame(21, 0, 64), frame(9, 1, 64)]
        bench.exchange([VARIABLE.before(f) for f in frames], sides(private))
        expected = [
            replace(VARIABLE, spi=0x010207, si=7).before(frames[0]),
            VARIABLE.passed().before(frames[1][:16] + bytes(4) + frames[1][20:]),
            VARIABLE.passed().before(frames[2]),
        ]
        bench.expect([expected])
        assert edge_drops(bench) == {"nsh-no-context": 1}
    finally:
        bench.close()
