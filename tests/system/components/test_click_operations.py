"""The component in Click, in a process of its own: which of the suite's operations elements do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_engine import until

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATIONS: dict[int, Callable[[bytes], list[bytes]]] = {
    0: lambda sent: [sent],
    1: lambda sent: [sent[6:12] + sent[:6] + sent[12:]],
    2: lambda sent: [bytes([0xA5] * 14) + sent],
    4: lambda sent: [sent[4:]],
    5: lambda sent: [sent[:-4]],
    7: lambda _: [],
    9: lambda sent: [sent] * (1 + sent[15]),
    10: lambda sent: [sent],
    **dict.fromkeys((3, 6, 12, 15, 17), lambda sent: [sent]),
}
"""What the Click child does to a packet of 64 bytes; the last are those that no element does.

Its clones differ in nothing. Operations that are not here have a test of their own.
"""
SEEDS = 20  # so that clones find the frames that are lent, however long the engine takes for more
ARGUMENTS = {2: [14], 4: [4], 5: [4], 7: [0, 1], 9: [1, 2], 10: [1]}


def sides(arguments: str = "") -> Sides:
    return Sides(arguments=arguments)


def in_flight(bench: Bench) -> int:
    return bench.engine.number("c.in_flight")


def wait_for(bench: Bench, count: int) -> None:
    """Return when so many packets have left by output 0: clones may wait for frames."""
    until(lambda: bench.engine.number("out0.count") == count, f"{count} packets leave")


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_each_operation_does_what_it_can(click_bench: Bench, private: str, operation: int) -> None:
    does = OPERATIONS[operation]
    arguments = ARGUMENTS.get(operation, [0])
    frames = [frame(operation, n, 64, seed) for seed in range(SEEDS) for n in arguments]
    expected = [packet for sent in frames for packet in does(sent)]
    click_bench.exchange(frames, sides(private))
    wait_for(click_bench, len(expected))
    click_bench.expect([expected])
    assert click_bench.drops == ({"dropped": SEEDS, "no-match": SEEDS} if operation == 7 else {})
    click_bench.account(emitted=max(0, len(expected) - len(frames)))


def test_packets_leave_in_the_order_in_which_they_came(click_bench: Bench, private: str) -> None:
    """Whatever happens to them on the way, in rounds that the ring has room for."""
    kinds = [(0, 0), (4, 4), (9, 2), (7, 0), (5, 4), (10, 1), (2, 14), (1, 0), (7, 1), (3, 0)]
    frames = [frame(*kinds[n % 10], 64, n) for n in range(300)]
    expected = [packet for f in frames for packet in OPERATIONS[f[14]](f)]
    click_bench.exchange(frames, sides(f"CAPACITY 400, {private}".rstrip(", ")))
    for _ in range(9):
        click_bench.sent += 300
        click_bench.engine.write("src.filepos", "24")
        click_bench.flow()
        click_bench.settle()
    wait_for(click_bench, len(expected) * 10)
    click_bench.expect([expected * 10])
    click_bench.account(emitted=600)


def test_frames_of_every_size_up_to_the_largest(click_bench: Bench, private: str) -> None:
    lengths = (1, 15, 64, 1514, 1984, 1985, 9014, 65_535, 65_549, 65_553)
    frames = [frame(0, 0, length, length % 200) for length in lengths]
    click_bench.exchange(frames, sides(private))
    click_bench.expect([frames])
    click_bench.account()


def test_packets_grow_into_headroom_and_beyond(click_bench: Bench, private: str) -> None:
    """One that fills its frame moves into a larger one; the largest there may be has no room left."""
    lengths = (60, 1514, 1984, 2000, 9014, 65_539)
    frames = [frame(2, 14, length, length % 200) for length in lengths]
    click_bench.exchange(frames, sides(private))
    wait_for(click_bench, len(frames))
    click_bench.expect([[bytes([0xA5] * 14) + sent for sent in frames]])


def test_a_killed_child_costs_what_it_had(click_bench: Bench) -> None:
    frames = numbered(50)
    click_bench.load(frames, sides("FALLBACK hold"))
    child = click_bench.attach()
    child.halt()
    click_bench.flow()
    until(lambda: in_flight(click_bench) == 50, "all are outside")
    child.kill()
    until(lambda: click_bench.drops == {"component-lost": 50}, "they are lost")
    click_bench.attach()
    click_bench.again(50)
    click_bench.settle()
    click_bench.expect([frames])
    click_bench.account()
