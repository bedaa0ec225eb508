"""The component in Click in a process of its own: what elements can do of what the others do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_children import CLICK
from tests.support.component_engine import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY = "component conf ready"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(CLICK, tmp_path)
    yield made
    made.close()


def sides(private: str = "", **more: str) -> Sides:
    arguments = f"CAPACITY 512, {private}".rstrip(", ")
    return Sides(outputs=3, arguments=arguments, **more)  # type: ignore[arg-type]


def test_packets_leave_as_and_in_the_order_in_which_they_came(bench: Bench, private: str) -> None:
    frames = numbered(300, length=200)
    bench.exchange(frames, sides(private))
    for _ in range(9):
        bench.repeat()
    bench.expect([frames * 10, [], []])
    assert bench.engine.read("c.get", "all.count") == b"3000"
    bench.account()


def test_packets_shrink_leave_by_their_output_or_are_dropped(bench: Bench, private: str) -> None:
    frames = [
        *(frame(4, 4, length, 1) for length in (60, 1514, 9014)),
        frame(5, 4, 64, 2),
        frame(6, 1, 64, 3),
        frame(6, 2, 64, 4),
        frame(7, 0, 64, 5),
    ]
    bench.exchange(frames, sides(private))
    bench.expect([[*(f[4:] for f in frames[:3]), frames[3][:60]], [frames[4]], [frames[5]]])
    assert bench.drops == {"dropped": 1}
    bench.account()


def test_clones_leave_with_their_original(bench: Bench, private: str) -> None:
    frames = [frame(0, 0, 64, 1), frame(9, 1, 1400, 2), frame(9, 2, 4000, 3)]
    bench.exchange(frames, sides(private))
    bench.expect([[frames[0], *[frames[1]] * 2, *[frames[2]] * 3], [], []])
    bench.account(emitted=3)


def test_a_mark_that_is_set_goes_on_with_the_packet(bench: Bench, private: str) -> None:
    shown = "Print(m, CONTENTS NONE, PRINTANNO true) -> "
    frames = [frame(10, 1, 64), frame(0, 0, 64)]
    bench.exchange(frames, sides(private, behind=shown))
    bench.expect([frames, [], []])
    marks = [line.split()[-1] for line in bench.engine.log().splitlines() if line[:2] == "m:"]
    assert [mark[88:96] for mark in marks] == ["01030201", "00000000"]


def test_handlers_of_its_elements_are_the_components(bench: Bench) -> None:
    bench.exchange(numbered(20), sides())
    assert bench.engine.read("c.get", "all.count") == b"20"
    bench.engine.write("c.set", "all.reset_counts")
    assert bench.engine.read("c.get", "all.count") == b"0"
    assert b"\nall.count r\n" in bench.engine.read("c.list")
    with pytest.raises(RefusedError) as refused:
        bench.engine.read("c.get", "none.count")
    assert str(refused.value).splitlines()[-1] == "No element named 'none'"


def test_a_killed_engine_is_followed_by_the_next(bench: Bench) -> None:
    bench.exchange(numbered(100), sides())
    bench.engine.kill()
    bench.engine.start(bench.sides.graph(bench.folder))
    bench.engine.wait_for(READY, 2)
    bench.sent += 100
    bench.flow()
    bench.settle()
    bench.expect([numbered(100), [], []])
    assert bench.engine.read("c.get", "all.count") == b"200"


def test_an_engine_that_stops_says_goodbye(bench: Bench) -> None:
    bench.exchange(numbered(50), sides())
    assert bench.engine.stop() == 0
    assert bench.children[0].wait() == 0
    assert bench.children[0].said() == ""
