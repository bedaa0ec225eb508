"""How components in JavaScript end, and how they outlive an engine."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.engine_side import BYE, REFUSED, Returned
from tests.unit.sdk.javascript_side import (
    component,
    conformance,
    first,
    goodbye,
    node,
    outcome,
    packet,
    start,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sdk.engine_side import EngineSide


def test_another_engine_finds_the_component_with_its_state(
    folder: Path, engine: EngineSide
) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    engine.give([packet(13), packet(0)])
    engine.take(1)
    engine.call("text", b"kept", write=True)
    engine.hang_up()
    engine.attach()
    assert engine.call("text").payload == b"kept"
    assert engine.call("packets").payload == b"2"
    engine.give([packet(1)])
    assert engine.take(1) == [Returned(0, 0, 0, packet(1)[:16] + b"\x5a" * 44)]
    goodbye(engine, process)


def test_packets_of_an_engine_that_is_gone_are_empty(folder: Path, engine: EngineSide) -> None:
    source = """let kept, bytes;
    component.onPacket((packet) => {
        if (kept === undefined) {
            kept = packet.keep();
            bytes = kept.bytes;
        }
        if (packet.length < 100) return;
        let error = '';
        try {
            component.send(kept);
        } catch (thrown) {
            error = thrown.message;
        }
        bytes[0] = 1;
        kept.mark = 7;
        const said = `${kept.length} ${bytes.length} ${kept.mark} ${kept.push(1)} ${error}`;
        packet.bytes.set(Buffer.from(said));
        packet.trim(said.length);
    });"""
    process = start(folder, engine, component(source))
    engine.attach()
    engine.give([bytes(60), bytes(60)])
    engine.take(1)
    engine.hang_up()
    engine.attach()
    engine.give([bytes(100)])
    assert engine.take(1) == [Returned(0, 0, 0, b"0 0 0 false ")]
    goodbye(engine, process)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("batch.offsets[0] = 0xffffffff", "packet 0 (offset 4294967295, 60 bytes, output 0): "),
        ("batch.offsets[0] = batch.begins[0] - 1", "packet 0 (offset 15, 60 bytes, output 0): "),
        ("batch.lengths[0] = 2112", "packet 0 (offset 144, 2112 bytes, output 0): "),
        ("batch.ports[0] = 4", "packet 0 (offset 144, 60 bytes, output 4): "),
    ],
)
def test_what_would_be_a_violation_is_an_error_instead(
    folder: Path, engine: EngineSide, change: str, message: str
) -> None:
    process = start(folder, engine, component(f"component.onBatch((batch) => {{ {change}; }});"))
    engine.attach()
    engine.give([bytes(60)])
    status, error = outcome(process)
    what = "there is no such output" if "ports" in change else "it does not lie inside its frame"
    assert status == 1
    assert f"RangeError: {message}{what}\n" in error


def test_what_the_author_throws_ends_it_with_a_stack_trace(
    folder: Path, engine: EngineSide
) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    engine.give([packet(18)])
    status, error = outcome(process)
    assert status == 1
    assert "\nError: thrown as asked\n    at 18 (file://" in error


def test_where_the_author_survives_an_error_the_engine_is_told(
    folder: Path, engine: EngineSide
) -> None:
    source = """process.on('uncaughtException', ({ message }) => console.error(message));
    component.onPacket(() => { throw new Error('oh'); });"""
    process = start(folder, engine, component(source))
    engine.attach()
    engine.give([bytes(60)])
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "oh\n")


@pytest.mark.parametrize("moment", ["idle", "waited"])
def test_sigterm_is_a_goodbye(folder: Path, engine: EngineSide, moment: str) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    engine.give([packet(0)])
    engine.take(1)
    if moment == "waited":
        assert engine.call("slow", b"20").payload == b"slept"
    process.send_signal(signal.SIGTERM)
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "")


STOPS = {
    "a packet": "component.onPacket(() => component.stop());",
    "a timer": "component.onPacket(() => setTimeout(() => component.stop(), 1));",
    "a call": "component.onPacket(() => {});\n"
    "component.handler('h', { read: () => { component.stop(); return ''; } });",
}


@pytest.mark.parametrize("where", STOPS)
def test_a_component_may_leave_by_itself(folder: Path, engine: EngineSide, where: str) -> None:
    process = start(folder, engine, component(STOPS[where]))
    engine.attach()
    engine.give([b"a", b"b"])
    assert [returned.data for returned in engine.take(2)] == [b"a", b"b"]
    if where == "a call":
        assert engine.call("h").status == 0
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "")


def test_a_worker_that_exits_in_a_call_takes_nothing_with_it(
    folder: Path, engine: EngineSide
) -> None:
    source = """import { Worker, isMainThread } from 'node:worker_threads';
    import { Component } from 'weft-component';
    if (isMainThread) {
        new Worker(new URL(import.meta.url)).on('exit', (code) => console.error(`exit ${code}`));
    } else {
        const component = new Component().onPacket(() => {});
        component.handler('h', { read: () => process.exit(0) });
        component.run();
    }"""
    process = start(folder, engine, source)
    engine.attach()
    engine.say(7, b"h\0", number=1)
    assert outcome(process) == (0, "exit 0\n")


def test_what_was_kept_can_be_sent_at_the_end(folder: Path, engine: EngineSide) -> None:
    source = """const kept = [];
    component.onPacket((packet) => kept.push(packet.keep()));
    component.onStop(async () => {
        await new Promise(setImmediate);
        for (const packet of kept) component.send(packet);
    });"""
    process = start(folder, engine, component(source))
    engine.attach()
    engine.give([b"a", b"b"])
    goodbye(engine, process)
    assert [returned.data for returned in engine.take(2)] == [b"a", b"b"]


def test_a_promise_tells_the_end_where_the_process_goes_on(
    folder: Path, engine: EngineSide
) -> None:
    source = """import { Component } from 'weft-component';
    const component = new Component().onPacket(() => {});
    console.error(`ended with ${await component.run({ exit: false })}`, component.attached);
    """
    process = start(folder, engine, source)
    engine.attach()
    engine.say(BYE)
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "ended with 0 false\n")


def test_a_refusal_is_told(folder: Path, engine: EngineSide) -> None:
    process = start(folder, engine, first())
    engine.greet()
    engine.say(REFUSED, b"no element is called filter")
    assert outcome(process) == (1, "weft: refused: no element is called filter\n")


@pytest.mark.parametrize("missing", ["WEFT_COMPONENT", "WEFT_COMPONENT_NAME"])
def test_outside_of_a_function_it_says_so(folder: Path, missing: str) -> None:
    there = {"WEFT_COMPONENT": "/nowhere", "WEFT_COMPONENT_NAME": "filter"}
    del there[missing]
    assert outcome(node(folder, "first.mjs", first(), **there)) == (
        2,
        f"weft: not started as a component: {missing} is not set\n",
    )
