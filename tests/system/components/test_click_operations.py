"""The component in Click, in a process of its own: which of the suite's operations elements do."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_children import CLICK, Child
from tests.support.component_engine import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OPERATIONS: dict[int, Callable[[bytes], list[bytes]]] = {
    0: lambda sent: [sent],
    1: lambda sent: [sent[6:12] + sent[:6] + sent[12:]],
    2: lambda sent: [bytes([0xA5] * 14) + sent],
    4: lambda sent: [sent[4:]],
    5: lambda sent: [sent[:-4]],
    7: lambda _: [],
    9: lambda sent: [sent] * (1 + sent[15]),
    10: lambda sent: [sent],
}
"""What the Click child does to a packet of 64 bytes that leaves by output 0.

The others stay as they are; its clones differ in nothing.
"""
ARGUMENTS = {2: [14], 4: [4], 5: [4], 7: [0, 1], 9: [1, 2], 10: [1]}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(CLICK, tmp_path)
    yield made
    made.close()


def sides(arguments: str = "") -> Sides:
    return Sides(outputs=3, arguments=arguments)


def in_flight(bench: Bench) -> int:
    return bench.engine.number("c.in_flight")


def wait_for(bench: Bench, count: int) -> None:
    """Return when so many packets have left by output 0: clones may wait for frames."""
    until(lambda: bench.engine.number("out0.count") == count, f"{count} packets leave")


@pytest.mark.parametrize("operation", range(20))
def test_each_operation_does_what_it_can(bench: Bench, private: str, operation: int) -> None:
    does = OPERATIONS.get(operation, OPERATIONS[0])
    arguments = ARGUMENTS.get(operation, [0])
    frames = [frame(operation, n, 64, seed) for seed in range(100) for n in arguments]
    expected = [packet for sent in frames for packet in does(sent)]
    bench.exchange(frames, sides(private))
    wait_for(bench, len(expected))
    bench.expect([expected, [], []])
    dropped = len(frames) if operation == 7 else 0
    assert bench.drops == ({"dropped": dropped} if dropped else {})
    bench.account(emitted=max(0, len(expected) - len(frames)))


def test_packets_leave_in_the_order_in_which_they_came(bench: Bench, private: str) -> None:
    """Whatever happens to them on the way, in rounds that the ring has room for."""
    kinds = [(0, 0), (4, 4), (9, 2), (7, 0), (5, 4), (10, 1)]
    frames = [frame(*kinds[n % 6], 64, n) for n in range(300)]
    expected = [packet for f in frames for packet in OPERATIONS[f[14]](f)]
    bench.exchange(frames, sides(f"CAPACITY 400, {private}".rstrip(", ")))
    for _ in range(9):
        bench.sent += 300
        bench.engine.write("src.filepos", "24")
        bench.flow()
        bench.settle()
    wait_for(bench, len(expected) * 10)
    bench.expect([expected * 10, [], []])
    bench.account(emitted=1000)


def test_frames_of_every_size_up_to_the_largest(bench: Bench, private: str) -> None:
    lengths = (1, 15, 64, 1514, 1984, 1985, 9014, 65_535, 65_549, 65_553)
    frames = [frame(0, 0, length, length % 200) for length in lengths]
    bench.exchange(frames, sides(private))
    bench.expect([frames, [], []])
    bench.account()


def test_packets_grow_into_headroom_and_beyond(bench: Bench, private: str) -> None:
    """One that fills its frame moves into a larger one; the largest there may be has no room left."""
    lengths = (60, 1514, 1984, 2000, 9014, 65_539)
    frames = [frame(2, 14, length, length % 200) for length in lengths]
    bench.exchange(frames, sides(private))
    wait_for(bench, len(frames))
    bench.expect([[bytes([0xA5] * 14) + sent for sent in frames], [], []])


def test_it_leaves_when_it_is_asked_to(bench: Bench) -> None:
    bench.exchange(numbered(50), sides())
    bench.children[0].process.send_signal(signal.SIGTERM)
    assert (bench.children[0].wait(), bench.children[0].said()) == (0, "")
    bench.engine.wait_for("component conf gone component-lost")


def test_a_killed_child_costs_what_it_had(bench: Bench) -> None:
    frames = numbered(50)
    bench.load(frames, sides("FALLBACK hold"))
    child = bench.attach()
    child.halt()
    bench.flow()
    until(lambda: in_flight(bench) == 50, "all are outside")
    child.kill()
    until(lambda: bench.drops == {"component-lost": 50}, "they are lost")
    bench.attach()
    bench.again(50)
    bench.settle()
    bench.expect([frames, [], []])
    bench.account()


def test_an_idle_component_uses_no_processor_time(bench: Bench) -> None:
    """A component that spins would use up most of the second."""
    bench.exchange(numbered(100), sides())
    child = bench.children[0]
    until(lambda: used_in(child, 0.2) < 0.05, "the child comes to rest")
    assert used_in(child, 1) < 0.25
    bench.repeat()
    bench.expect([numbered(100) * 2, [], []])


def used_in(child: Child, seconds: float) -> float:
    before = child.cpu_s()
    time.sleep(seconds)
    return child.cpu_s() - before
