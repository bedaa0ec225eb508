"""Batches of every size, full and empty rings, slow components, what packets carry along.

Elements see packets, not batches: a component in Click has no count of them. No element writes what a
packet carries along into its bytes, which the tests with `sdk_bench` are of; that they see it is in
test_click.py.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_children import CLICK
from tests.support.component_engine import until

if TYPE_CHECKING:
    from tests.support.component_children import Child

HELD = "FALLBACK hold, CAPACITY 2048"
MOST = 256
SIZES = (1, 2, 3, 31, 32, 33, 255, MOST)


def test_packets_that_lie_there_together_are_a_batch(bench: Bench) -> None:
    """They come while the child stands still; in the meantime no spares come, which share the ring."""
    frames = numbered(MOST)
    sides = Sides(arguments="CAPACITY 512, LIMIT 60s", source="BURST 256")
    bench.exchange(frames, sides)
    [child] = bench.children
    for count in SIZES:
        bench.engine.write("c.reset")
        child.halt()
        bench.again(count)
        until(partial(outside, bench, count), f"{count} are outside")
        child.go_on()
        bench.settle()
        assert bench.engine.number("c.packets") == count
        if bench.kind != CLICK:
            assert bench.engine.number("c.batch") == count
        assert bench.outputs()[0][-count:] == frames[-count:]
    bench.account()


def outside(bench: Bench, count: int) -> bool:
    return bench.engine.number("c.in_flight") == count


def test_more_than_fit_into_a_batch_come_in_several(bench: Bench) -> None:
    frames = numbered(1000)
    bench.load(frames, Sides(arguments=HELD))
    bench.flow()
    until(lambda: bench.engine.number("c.waiting") == 1000, "1000 packets wait")
    bench.attach()
    bench.settle()
    bench.expect([frames])
    assert bench.engine.read("c.packets") == b"1000"
    if bench.kind != CLICK:
        assert MOST // 4 <= bench.engine.number("c.batch") <= MOST


@pytest.mark.parametrize("burst", [1, 7, 64, 256])
def test_bursts_of_a_source_arrive_in_order(bench: Bench, burst: int) -> None:
    frames = numbered(700)
    bench.exchange(frames, Sides(arguments="CAPACITY 512", source=f"BURST {burst}"))
    bench.expect([frames])
    bench.account()


def flood(arguments: str, limit: int) -> str:
    """A source that waits while the component's element is full."""
    return f"""
        src :: InfiniteSource(DATA \\<{frame(19, 20).hex()}>, LIMIT {limit}, BURST 32, ACTIVE false);
        c :: Component(conf, {arguments});
        src -> c -> out0 :: Counter -> Discard;
    """


def test_a_source_waits_for_a_slow_component(bench: Bench) -> None:
    """Every packet takes 20 ms, there are three times as many as the element takes: none is lost."""
    bench.start(flood("CAPACITY 16, LIMIT 60s", 100), 100)
    bench.attach()
    bench.flow()
    until(lambda: bench.engine.number("c.waiting") > 0, "packets wait")
    assert bench.engine.number("c.in_flight") == 16
    bench.settle()
    assert bench.drops == {}
    assert bench.engine.number("out0.count") == bench.engine.number("c.packets") == 100


def test_what_a_full_ring_has_no_room_for_is_dropped_and_counted(bench: Bench) -> None:
    """The source is a file, which does not wait: 8 packets are outside, 8 wait, 84 find no room."""
    frames = [frame(0, 0, 60, n) for n in range(100)]
    bench.load(frames, Sides(arguments="CAPACITY 8", source="BURST 256"))
    bench.attach()
    bench.flow()
    bench.settle()
    bench.expect([frames[:16]])
    assert bench.drops == {"ring-full": 84}
    bench.account()


def test_an_idle_component_uses_no_processor_time(bench: Bench) -> None:
    """A component that spins would use up most of the second."""
    bench.exchange(numbered(100))
    child = bench.children[0]
    until(lambda: quiet(child), "the child comes to rest")
    before = child.cpu_s()
    time.sleep(1)
    assert child.cpu_s() - before < 0.25
    bench.repeat()
    bench.expect([numbered(100) * 2])


def quiet(child: Child) -> bool:
    before = child.cpu_s()
    time.sleep(0.2)
    return child.cpu_s() - before < 0.05


def words(data: bytes) -> tuple[int, int, int, int, bytes, int]:
    """Mark, SPI, SI, NSH type, context and timestamp that operation 11 wrote into a packet."""
    big = int.from_bytes
    return big(data[16:20]), big(data[20:24]), data[24], data[25], data[26:42], big(data[42:50])


def test_a_mark_and_the_time_come_with_a_packet(sdk_bench: Bench) -> None:
    """The mark lies in four bytes of the annotations, lowest first; Paint writes one of them."""
    frames = [frame(11, 0, 64, n) for n in range(3)]
    marks = "Paint(4, 44) -> Paint(3, 45) -> Paint(2, 46) -> Paint(1, 47) -> "
    [received] = sdk_bench.exchange(frames, Sides(before=marks))
    for number, (sent, got) in enumerate(zip(frames, received, strict=True)):
        time_ns = 1_000_000_000 + number * 1000
        assert words(got) == (0x01020304, 0, 0, 0, bytes(16), time_ns)
        assert got[:16] + got[50:] == sent[:16] + sent[50:]


def test_packets_without_marks_say_so(sdk_bench: Bench) -> None:
    [received] = sdk_bench.exchange([frame(11, 0, 64)], Sides(before="SetTimestamp(0) -> "))
    assert words(received[0])[:5] == (0, 0, 0, 0, bytes(16))


@pytest.mark.parametrize("n", [0, 1, 255])
def test_a_mark_that_is_set_goes_on_with_the_packet(bench: Bench, private: str, n: int) -> None:
    """It lies in bytes 44 to 47 of the annotations, lowest first."""
    shown = "Print(m, CONTENTS NONE, PRINTANNO true) -> "
    frames = [frame(10, n, 64), frame(0, 0, 64)]
    bench.exchange(frames, Sides(behind=shown, arguments=private))
    bench.expect([frames])
    marks = [line.split()[-1] for line in bench.engine.log().splitlines() if line[:2] == "m:"]
    assert [mark[88:96] for mark in marks] == [f"{n:02x}030201", "00000000"]


def test_context_of_packets_without_nsh_is_left_alone(bench: Bench) -> None:
    frames = [frame(12, n, 64) for n in (0, 9, 255)]
    bench.exchange(frames)
    bench.expect([frames])
    assert bench.drops == {}


@pytest.mark.parametrize("capacity", [1, 100, 1000])
def test_what_comes_back_waits_for_room_in_a_queue(c_bench: Bench, capacity: int) -> None:
    """The child returns all at once, and the queue gives away few at a time."""
    frames = numbered(2000)
    sides = Sides(
        arguments="CAPACITY 2048, LIMIT 60s",
        behind=f"q :: Queue({capacity}) -> Unqueue(BURST 16) -> ",
        source="BURST 256",
    )
    c_bench.load(frames, sides)
    child = c_bench.attach()
    child.halt()
    c_bench.flow()
    until(partial(outside, c_bench, len(frames)), "all are outside")
    child.go_on()
    c_bench.settle()
    until(lambda: c_bench.engine.number("q.length") == 0, "the queue is empty")
    assert c_bench.engine.read("q.drops") == b"0"
    c_bench.expect([frames])
