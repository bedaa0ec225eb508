"""Faults that implementations of the header have been seen to have: each is a test here.

Faults of the same kind that are no matter of the header, and the tests that hold them:

- packets merge between components: tests/system/test_component_integrity.py,
  test_every_packet_comes_through_a_chain_intact
- only the first interface is used: tests/system/test_run.py,
  test_frames_pass_and_are_counted
- a busy loop per queue: tests/system/components/test_batches.py,
  test_an_idle_component_uses_no_processor_time
- queues without bounds: tests/system/components/test_batches.py,
  test_what_a_full_ring_has_no_room_for_is_dropped_and_counted
- drops without counters: tests/system/components/test_packets.py,
  test_drops_are_counted_by_the_reason_given
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.nsh import INNER, change, nsh, over_ethernet, run_graph, tlv

ROOT = Path(__file__).resolve().parents[3]
PROXY = "in -> check :: CheckNSHHeader(14) -> proxy :: NSHProxy; "
PROXY += "proxy [0] -> out1 -> [1] proxy [1] -> out0;"
GOOD = over_ethernet(nsh(), INNER)
SEEN = bytes.fromhex("020000000002 020000000001 0800") + INNER


def refused(folder: Path, faulty: bytes, reason: str) -> None:
    """Between two good packets a faulty one is dropped for the reason; the function never sees it."""
    ran = run_graph(folder, PROXY, [GOOD, faulty, GOOD], 2)
    assert ran.outputs == [[change(GOOD, si=254)] * 2, [SEEN] * 2]
    assert ran.drops == {f"check: {reason}": 1}


def test_a_valid_packet_with_a_context_of_zeros_ends_it(tmp_path: Path) -> None:
    packets = [GOOD, over_ethernet(nsh(metadata=b"\x01" + bytes(15)), INNER)] * 500
    ran = run_graph(tmp_path, PROXY, packets, 2)
    assert ran.outputs == [[change(packet, si=254) for packet in packets], [SEEN] * 1000]
    assert ran.drops == {}


def test_the_service_index_is_read_from_the_context(tmp_path: Path) -> None:
    # Every byte of the context is another number than the service index.
    for si in (1, 5, 255):
        context = bytes(n for n in range(2, 22) if n not in (si, si - 1))[:16]
        frame = over_ethernet(nsh(10, si, metadata=context), INNER)
        assert run_graph(tmp_path, PROXY, [frame], 2).outputs[0] == [change(frame, si=si - 1)]
        graph = f"in -> CheckNSHHeader(14) -> s :: NSHSwitch(10/{si}, -); "
        graph += "s [0] -> out0; s [1] -> out1;"
        assert run_graph(tmp_path, graph, [frame], 2).outputs == [[frame], []]
        graph = "in -> CheckNSHHeader(14) -> sff :: "
        graph += (
            f"NSHForwarder(10/{si} => 0, 10/{context[0]} => 1); sff [0] -> out0; sff [1] -> out1;"
        )
        ran = run_graph(tmp_path, graph, [frame], 2)
        assert ran.outputs == [[change(frame, ttl=62)[14:]], []]


def test_the_service_index_is_0_and_nobody_looks(tmp_path: Path) -> None:
    for frame in (nsh(si=0), nsh(si=0, md_type=2, metadata=tlv((1, 1), b"\xff" * 8))):
        ran = run_graph(tmp_path, PROXY, [over_ethernet(frame, INNER)], 2)
        assert (ran.outputs, ran.drops) == ([[], []], {"proxy: nsh-si": 1})


def test_the_ttl_is_not_checked(tmp_path: Path) -> None:
    graph = "in -> CheckNSHHeader(14) -> sff :: NSHForwarder(10/255 => 0) -> out0;"
    ran = run_graph(tmp_path, graph, [over_ethernet(nsh(ttl=1), INNER), GOOD])
    assert (ran.outputs, ran.drops) == ([[change(GOOD, ttl=62)[14:]]], {"sff: nsh-ttl": 1})


@pytest.mark.parametrize("version", [1, 2, 3])
def test_the_version_is_not_checked(tmp_path: Path, version: int) -> None:
    refused(tmp_path, over_ethernet(nsh(version=version), INNER), "nsh-version")


def test_the_o_bit_is_not_checked(tmp_path: Path) -> None:
    refused(tmp_path, over_ethernet(nsh(oam=True), INNER), "nsh-oam")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (nsh(length=0), "nsh-length"),
        (nsh(length=5), "nsh-length"),
        (nsh(length=7), "nsh-length"),
        (nsh(length=63), "nsh-length"),
        (nsh(md_type=2, length=1), "nsh-length"),
        (nsh(md_type=2, length=63, metadata=tlv((1, 1)) * 5), "nsh-truncated"),
        (nsh(md_type=2, metadata=tlv((1, 1), b"abcd")[:-4]), "nsh-tlv"),
    ],
    ids=["0", "5", "7", "63", "MD 2 of 1", "MD 2 beyond the packet", "TLV beyond the header"],
)
def test_the_length_is_not_checked(tmp_path: Path, header: bytes, reason: str) -> None:
    refused(tmp_path, over_ethernet(header, INNER), reason)


@pytest.mark.parametrize("size", range(24))
def test_a_packet_that_ends_in_its_header_is_read_beyond_its_end(tmp_path: Path, size: int) -> None:
    refused(tmp_path, over_ethernet(nsh()[:size]), "nsh-truncated")


@pytest.mark.parametrize("md_type", [0, 3, 0xE, 0xF])
def test_the_md_type_is_not_checked(tmp_path: Path, md_type: int) -> None:
    refused(tmp_path, over_ethernet(nsh(md_type=md_type), INNER), "nsh-md-type")


def test_md_type_2_is_taken_for_md_type_1(tmp_path: Path) -> None:
    frame = over_ethernet(nsh(md_type=2, metadata=tlv((1, 2), bytes(12))), INNER)
    bare = over_ethernet(nsh(md_type=2), INNER)
    ran = run_graph(tmp_path, PROXY, [frame, bare], 2)
    assert ran.outputs == [[change(frame, si=254), change(bare, si=254)], [SEEN] * 2]


@pytest.mark.parametrize("protocol", [6, 7, 0x80, 0xFE, 0xFF])
def test_the_next_protocol_is_not_checked(tmp_path: Path, protocol: int) -> None:
    refused(tmp_path, over_ethernet(nsh(next_protocol=protocol), INNER), "nsh-next-protocol")


def test_the_context_cannot_be_updated(tmp_path: Path) -> None:
    # Each packet's context by what it carries, while the function runs; the rest of the header stays.
    first, second = bytes(range(16)), bytes(range(16, 32))
    frames = [over_ethernet(nsh(metadata=b"\xee" * 16, unassigned=(1, 3)), INNER), GOOD]
    graph = (
        "in -> CheckNSHHeader(14) -> f :: NSHFunction; f [1] -> out0;"
        "f [0] -> turns :: RoundRobinSwitch;"
        f"turns [0] -> SetNSH(CONTEXT {first.hex()}) -> [1] f;"
        f"turns [1] -> SetNSH(CONTEXT {second.hex()}) -> [1] f;"
    )
    ran = run_graph(tmp_path, graph, frames)
    expected = [
        over_ethernet(nsh(si=254, metadata=first, unassigned=(1, 3)), INNER),
        over_ethernet(nsh(si=254, metadata=second), INNER),
    ]
    assert ran.outputs == [expected]


@pytest.mark.parametrize(("path", "test"), re.findall(r"(tests/\S+),\n  (\w+)\n", __doc__ or ""))
def test_the_other_faults_have_their_tests(path: str, test: str) -> None:
    assert f"\ndef {test}(" in (ROOT / path).read_text()
