"""How components in every language come, are refused, go on with another engine, and leave.

A test with `sdk_bench` is of what the author's code does, which a component in Click has none of; what an
element's error and its end cost is in test_click.py.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_engine import ComponentEngine, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.component_children import Child

READY = "component conf ready"
LOST = "component conf gone component-lost"


def test_an_engine_that_stops_says_goodbye(bench: Bench) -> None:
    bench.exchange(numbered(50))
    assert bench.engine.stop() == 0
    assert bench.children[0].wait() == 0
    assert bench.children[0].said() == ""


def test_a_child_that_is_asked_to_end_returns_what_it_has(bench: Bench) -> None:
    """Those that it keeps as well, before it leaves."""
    frames = numbered(50, operation=13)
    bench.load(frames, Sides(arguments="FALLBACK drop"))
    child = bench.attach()
    bench.flow()
    until(lambda: bench.engine.number("c.packets") == 50, "the child has all packets")
    child.process.send_signal(signal.SIGTERM)
    assert child.wait() == 0
    bench.engine.wait_for(LOST)
    assert child.said() == ""
    assert sum(len(out) for out in bench.outputs()) + sum(bench.drops.values()) == 50
    bench.account()


def test_a_killed_engine_is_followed_by_the_next(bench: Bench) -> None:
    """The same process attaches again, with its counters; the element's counters go on as well."""
    bench.exchange(numbered(100))
    for time in (1, 2, 3):
        bench.engine.kill()
        bench.engine.start(bench.sides.graph(bench.folder))
        bench.engine.wait_for(READY, time + 1)
        bench.sent += 100
        bench.flow()
        bench.settle()
        assert bench.outputs() == [numbered(100)]
        assert bench.engine.number("c.packets") == 100 * (time + 1)
    assert bench.children[0].process.poll() is None
    assert bench.children[0].said() == ""


def test_a_killed_engine_costs_what_the_child_had(bench: Bench) -> None:
    """Packets that it keeps are forgotten with the engine that they came from."""
    keep, let_go = numbered(20, operation=13), numbered(20, operation=14)
    bench.load(keep)
    bench.attach()
    bench.flow()
    until(lambda: bench.engine.number("c.packets") == 20, "the child keeps 20 packets")
    bench.engine.kill()
    bench.load(let_go)
    bench.engine.wait_for(READY, 2)
    bench.sent += bench.engine.number("src.count")
    bench.flow()
    bench.settle()
    bench.expect([let_go])
    assert bench.engine.drops("c") == {}


def test_a_component_without_an_element_waits_for_a_graph_that_has_it(bench: Bench) -> None:
    bench.load(numbered(5))
    with_it = bench.sides.graph(bench.folder)
    child = bench.child(key="other")
    bench.engine.wait_for("component other waiting")
    bench.engine.write("hotconfig", with_it.replace("Component(conf", "Component(other"))
    bench.engine.wait_for("component other ready")
    bench.flow()
    bench.settle()
    bench.expect([numbered(5)])
    bench.engine.stop()
    assert child.wait() == 0


def refused(bench: Bench, child: Child, why: str) -> None:
    assert child.wait() == 1
    said = child.said()
    assert said.startswith("weft: "), said
    assert said.endswith(f"{why}\n"), said
    assert said.count("\n") == 1, said


def test_another_user_is_refused(bench: Bench) -> None:
    bench.load(numbered(5), Sides(uid=54321))
    why = f"component 'conf' runs as user 54321, not as {os.geteuid()}"
    refused(bench, bench.child(), why)
    assert bench.engine.read("c.state") == b"away"


def test_a_second_of_the_same_name_is_refused_and_the_first_stays(bench: Bench) -> None:
    bench.exchange(numbered(10))
    refused(bench, bench.child(), "component 'conf' is attached already")
    bench.repeat()
    bench.expect([numbered(10) * 2])
    assert bench.engine.lines == ["ready", READY]


def test_memory_whose_size_may_change_is_not_shared(c_bench: Bench, tmp_path: Path) -> None:
    """A page that is gone would end the engine: the child is told that it cannot be attached."""
    c_bench.engine.close()
    (tmp_path / "of its own").mkdir()
    c_bench.engine = ComponentEngine(tmp_path / "of its own", flags=os.MFD_CLOEXEC)
    c_bench.load(numbered(5))
    why = "cannot be attached: Operation not permitted (os error 1)"
    refused(c_bench, c_bench.child(), f"the component {why}")
    assert c_bench.engine.log() == f"component 'conf' {why}\n"
    assert c_bench.engine.lines == ["ready"]


@pytest.mark.parametrize("missing", ["WEFT_COMPONENT", "WEFT_COMPONENT_NAME"])
def test_what_is_not_started_as_a_component_says_so(bench: Bench, missing: str) -> None:
    child = bench.child(without=missing)
    assert child.wait() == 2
    assert child.said() == f"weft: not started as a component: {missing} is not set\n"


def test_an_error_in_the_authors_code_ends_the_child_and_costs_what_it_had(
    sdk_bench: Bench,
) -> None:
    frames = [*numbered(10), frame(18, 0, 64), *numbered(10)]
    sdk_bench.load(frames, Sides(source="BURST 1"))
    child = sdk_bench.attach()
    sdk_bench.flow()
    assert child.wait() == sdk_bench.kind.status_of_error
    assert sdk_bench.kind.traceback in child.said()
    sdk_bench.engine.wait_for(LOST)
    sdk_bench.settle()
    [received] = sdk_bench.outputs()
    assert received == numbered(10)[: len(received)]
    assert set(sdk_bench.drops) <= {"component-lost", "component-away"}
    sdk_bench.account()


def test_a_child_that_exits_costs_what_it_had_and_the_next_goes_on(sdk_bench: Bench) -> None:
    sdk_bench.load([*numbered(10), frame(16, 0, 64), *numbered(10)], Sides(source="BURST 256"))
    child = sdk_bench.attach()
    sdk_bench.flow()
    assert child.wait() == 3
    sdk_bench.engine.wait_for(LOST)
    sdk_bench.settle()
    assert sdk_bench.drops["component-lost"] >= 11
    sdk_bench.account()
    sdk_bench.attach()
    sdk_bench.again(10)
    sdk_bench.settle()
    assert sdk_bench.outputs()[0][-10:] == numbered(10)
    sdk_bench.account()
