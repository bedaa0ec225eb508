"""The component in Click in a service function path: what its elements do to headers kept beside packets.

By nature it lacks what the other languages do: elements leave no context headers that are none, and they
name no parents, but for clones.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, frame
from tests.support.component_children import Kind
from tests.system.components.test_chains import (
    AWARE,
    BARE,
    EMPTY,
    FIXED,
    REPLACED,
    UNAWARE,
    UNKNOWN,
    VARIABLE,
    Header,
    edge_drops,
    sides,
    wait,
)
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRAPH = """
input -> operation :: Classifier(
    14/14, 14/16 15/01, 14/16 15/02, 14/0c, 14/09 15/02, 14/02, 14/07, 14/01, -);
operation[0] -> SetNSH(66055, 7) -> out :: Null -> output;
operation[1] -> SetNSH(TLV 256:7:7265706c6163656421) -> out;
operation[2] -> SetNSH(REMOVE 256:7) -> out;
operation[3] -> SetNSH(CONTEXT 05060708090a0b0c0d0e0f1011121314) -> out;
operation[4] -> first :: Tee(2) -> out;
first[1] -> Queue(1000) -> Unqueue -> second :: Tee(2) -> out;
second[1] -> out;
operation[5] -> EtherEncap(0xa5a5, a5:a5:a5:a5:a5:a5, a5:a5:a5:a5:a5:a5) -> out;
aside :: Tee(2) -> out;
aside[1] -> Discard;
operation[6] -> path :: NSHSwitch(10, -);
path[0] -> out;
path[1] -> Discard;
operation[7] -> aside;
operation[8] -> out;
"""


def click(folder: Path, outputs: int) -> list[str]:
    graph = folder / "chain.click"
    graph.write_text(GRAPH)
    return [engine_binary(), "component", "--graph", str(graph)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(Kind("click", click), tmp_path)
    yield made
    made.close()


def through(headers: list[Header], frames: list[bytes]) -> list[bytes]:
    return [header.before(f) for header, f in zip(headers, frames, strict=True)]


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_headers_pass_unchanged_but_for_the_service_index(
    bench: Bench, private: str, edge: str
) -> None:
    frames = [frame(0, n, 64 + n, n) for n in range(30)]
    headers = [(FIXED, VARIABLE, BARE)[n % 3] for n in range(30)]
    bench.exchange(through(headers, frames), sides(private, edge))
    bench.expect([through([h.passed() for h in headers], frames)])
    assert edge_drops(bench) == bench.drops == {}


def test_elements_change_path_context_and_context_headers(bench: Bench, private: str) -> None:
    frames = [frame(op, n, 64) for op, n in [(20, 0), (20, 0), (22, 1), (22, 2), (22, 1), (12, 0)]]
    headers = [FIXED, VARIABLE, VARIABLE, VARIABLE, BARE, FIXED]
    changed = [
        replace(FIXED, spi=0x010207, si=7),
        replace(VARIABLE, spi=0x010207, si=7),
        replace(VARIABLE, si=199, tlvs=REPLACED + UNKNOWN + EMPTY),
        replace(VARIABLE, si=199, tlvs=UNKNOWN + EMPTY),
        replace(BARE, si=199, tlvs=REPLACED),
        replace(FIXED, si=199, context=bytes(range(5, 21))),
    ]
    bench.exchange(through(headers, frames), sides(private))
    bench.expect([through(changed, frames)])


def test_elements_see_the_path(bench: Bench, private: str) -> None:
    frames = [frame(7, 0, 64, n) for n in range(4)]
    headers = [FIXED, replace(FIXED, spi=11), VARIABLE, replace(VARIABLE, spi=11)]
    bench.exchange(through(headers, frames), sides(private))
    bench.expect([through([FIXED.passed(), VARIABLE.passed()], [frames[0], frames[2]])])
    assert sum(bench.drops.values()) == 2


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_clones_have_the_header_of_their_original(bench: Bench, private: str, edge: str) -> None:
    """The first of them leaves long before the others, which wait in a queue and are cloned again."""
    headers = [replace(h, spi=n) for n in range(60) for h in (FIXED, VARIABLE)]
    frames = [frame(9, 2, 64, n) for n in range(120)]
    expected = through([h.passed() for h in headers], frames)
    bench.exchange(through(headers, frames), sides(private, edge))
    assert sorted(wait(bench, 360)) == sorted(expected * 3)
    assert (bench.drops, edge_drops(bench)) == ({}, {})


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_a_packet_that_outgrows_its_frame_keeps_its_header(
    bench: Bench, private: str, edge: str
) -> None:
    frames = [frame(2, 14, length) for length in (60, 1984, 9014)]
    headers = [replace(FIXED, spi=1), replace(VARIABLE, spi=2), replace(VARIABLE, spi=3)]
    expected = through(
        [h.passed() for h in headers], [bytes([0xA5] * 14) + sent for sent in frames]
    )
    bench.exchange(through(headers, frames), sides(private, edge))
    wait(bench, 3)
    bench.expect([expected])
    assert edge_drops(bench) == {}


@pytest.mark.parametrize("edge", [AWARE, UNAWARE])
def test_a_copy_that_is_discarded_is_told_of_as_replaced(
    bench: Bench, private: str, edge: str
) -> None:
    """The other left in a frame of its own, and has its header."""
    frames = [frame(1, 0, 64, n) for n in range(20)]
    bench.exchange(through([VARIABLE] * 20, frames), sides(private, edge))
    assert wait(bench, 20) == through([VARIABLE.passed()] * 20, frames)
    assert (bench.drops, edge_drops(bench)) == ({"replaced": 20}, {})
