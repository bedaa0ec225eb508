"""The component in Click, in a process of its own: what elements do in their own way."""

from __future__ import annotations

import json

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_engine import RefusedError, until

LOST = "component conf gone component-lost"
MADE = ((bytes(12) + bytes.fromhex("88b5ee00")) * 4)[:60]
"""What its source makes: 60 bytes, its data over and over."""


def refusal(bench: Bench, handler: str, parameter: str = "") -> str:
    with pytest.raises(RefusedError) as refused:
        bench.engine.read(handler, parameter)
    return str(refused.value).splitlines()[-1]


def leave(bench: Bench, count: int) -> list[bytes]:
    """What has left once so many packets have."""
    until(lambda: bench.engine.number("out0.count") == count, f"{count} packets leave")
    return bench.outputs()[0]


def test_handlers_of_its_elements_are_the_components(click_bench: Bench) -> None:
    bench = click_bench
    bench.exchange(numbered(20))
    assert bench.engine.read("c.get", "all.count") == b"20"
    bench.engine.write("c.set", "all.reset_counts")
    assert bench.engine.read("c.get", "all.count") == bench.engine.read("c.packets") == b"0"
    elements = json.loads(bench.engine.read("c.schema"))["elements"]
    [counter] = [element for element in elements if element["name"] == "all"]
    assert "count" in {handler["name"] for handler in counter["handlers"]}
    assert b"all :: Counter" in bench.engine.read("c.graph")
    assert refusal(bench, "c.get", "none.count") == "No element named 'none'"
    assert refusal(bench, "c.get", "all.none") == "No handler named 'all.none'"


def test_a_value_that_an_element_gives_is_of_the_type_declared(click_bench: Bench) -> None:
    bench = click_bench
    bench.exchange(numbered(1))
    bench.engine.write("c.set", "values.set unsigned minus one")
    assert bench.engine.read("c.get", "values.unsigned") == b"minus one"
    assert refusal(bench, "c.unsigned") == "'minus one' is not of type unsigned"
    bench.engine.write("c.unsigned", "8")
    assert bench.engine.read("c.unsigned") == b"8"


def test_limits_of_an_elements_handler_are_the_components(click_bench: Bench) -> None:
    """They are kept by the element too."""
    bench = click_bench
    bench.exchange(numbered(1))
    for handler, value in [("c.color", "256"), ("c.set", "paint.color 256")]:
        with pytest.raises(RefusedError) as refused:
            bench.engine.write(handler, value)
        assert str(refused.value).splitlines()[-1] == "'256' is not allowed; allowed: 0 to 255"
    bench.engine.write("c.color", "255")
    assert bench.engine.read("c.get", "paint.color") == b"255"


def test_a_call_that_is_not_answered_in_time_is_given_up(click_bench: Bench) -> None:
    """Its handlers take no time; it is halted, and answers again when it goes on."""
    bench = click_bench
    bench.load(numbered(30), Sides(arguments="CALL_LIMIT 200ms, LIMIT 60s"))
    child = bench.attach()
    child.halt()
    assert refusal(bench, "c.text") == "component 'conf' has not answered within 200 ms"
    assert bench.engine.read("c.state") == b"ready"
    child.go_on()
    assert bench.engine.read("c.text") == b"hello"
    bench.flow()
    bench.settle()
    bench.expect([numbered(30)])


def test_a_source_in_it_makes_new_packets(click_bench: Bench, private: str) -> None:
    """Three for each packet that asks for them, and any number for a command, while no packet comes."""
    bench = click_bench
    asks = frame(8, 0, 64)
    bench.exchange([asks], Sides(arguments=private))
    assert sorted(leave(bench, 4)) == [*[MADE] * 3, asks]
    bench.repeat()
    assert leave(bench, 8).count(MADE) == 6
    bench.engine.write("c.set", "made.reset")
    bench.engine.write("c.set", "made.active true")
    assert leave(bench, 11)[8:] == [MADE] * 3
    assert bench.drops == {}
    bench.account(emitted=9)


def test_a_source_in_it_waits_for_frames(click_bench: Bench) -> None:
    """Many times as many as it is lent: none is lost."""
    bench = click_bench
    bench.exchange(numbered(1))
    for order in ("limit 5000", "reset", "active true"):
        bench.engine.write("c.set", f"made.{order}")
    assert leave(bench, 5001)[1:] == [MADE] * 5000
    assert (bench.drops, bench.engine.read("c.get", "made.count")) == ({}, b"5000")
    bench.account(emitted=5000)


def test_clones_leave_with_their_original(click_bench: Bench, private: str) -> None:
    frames = [frame(0, 0, 64, 1), frame(9, 1, 1400, 2), frame(9, 2, 4000, 3)]
    click_bench.exchange(frames, Sides(arguments=private))
    expected = [frames[0], *[frames[1]] * 2, *[frames[2]] * 3]
    assert leave(click_bench, 6) == expected
    click_bench.account(emitted=3)


def told(bench: Bench) -> list[tuple[str, str]]:
    """Time and mark of the packets that operation 11 printed."""
    lines = [line.split() for line in bench.children[0].said().splitlines()]
    return [(line[1], line[-1][88:96]) for line in lines if line[0] == "told:"]


def test_mark_and_time_of_a_packet_are_those_that_elements_see(click_bench: Bench) -> None:
    frames = [frame(11, 0, 64, n) for n in range(3)]
    marks = "Paint(4, 44) -> Paint(3, 45) -> Paint(2, 46) -> Paint(1, 47) -> "
    click_bench.exchange(frames, Sides(before=marks))
    click_bench.expect([frames])
    assert told(click_bench) == [(f"1.00000{n}:", "04030201") for n in range(3)]


def test_what_a_script_refuses_costs_the_packet_only(click_bench: Bench) -> None:
    frames = [*numbered(10), frame(18, 0, 64), *numbered(10)]
    click_bench.exchange(frames)
    click_bench.expect([numbered(10) * 2])
    assert click_bench.drops == {"script": 1}
    assert click_bench.children[0].said().splitlines()[-1] == "  failed as asked"
    click_bench.account()


def test_a_graph_that_stops_returns_what_it_has_and_the_next_goes_on(click_bench: Bench) -> None:
    bench = click_bench
    bench.load([*numbered(10), frame(16, 0, 64), *numbered(10)], Sides(source="BURST 256"))
    child = bench.attach()
    bench.flow()
    assert (child.wait(), child.said()) == (0, "")
    bench.engine.wait_for(LOST)
    bench.settle()
    bench.account()
    bench.attach()
    bench.again(10)
    bench.settle()
    assert bench.outputs()[0][-10:] == numbered(10)
    bench.account()
