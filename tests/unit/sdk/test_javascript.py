"""The JavaScript SDK: its own tests, and components in JavaScript across from the engine's side."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.engine_side import DROP, HANDLER, REASON, Message, Returned
from tests.unit.sdk.javascript_side import (
    PATIENCE_S,
    ROOT,
    SOURCES,
    component,
    conformance,
    first,
    goodbye,
    packet,
    start,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sdk.engine_side import EngineSide

VECTORS = ROOT / "sdk" / "contract" / "vectors"


@pytest.mark.parametrize("file", sorted(path.name for path in SOURCES.glob("tests/*.test.mjs")))
def test_the_package_passes_its_own_tests(javascript: Path, file: str) -> None:
    done = subprocess.run(
        ["node", "--test", str(SOURCES / "tests" / file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env=os.environ | {"WEFT_JAVASCRIPT": str(javascript), "WEFT_VECTORS": str(VECTORS)},
    )
    assert done.returncode == 0, done.stdout
    assert "# pass 0" not in done.stdout


# ---- a component across from the engine's side ----


def test_the_first_component_drops_ipv6_for_its_reason(folder: Path, engine: EngineSide) -> None:
    process = start(folder, engine, first())
    hello = engine.attach()
    assert hello.payload[24:] == b"filter\0weft-javascript 1.0.0\0"
    assert engine.declared == [
        Message(HANDLER, 0, 0, b"\2\1\0\0dropped\0packets\0IPv6 packets dropped\0"),
        Message(REASON, 0, 1, b"no-ipv6"),
    ]
    old, new = bytes(12) + b"\x08\x00" + bytes(46), bytes(12) + b"\x86\xdd" + bytes(46)
    engine.give([old, new, b"\x86" * 13, new[:14]])
    assert engine.take(4) == [
        Returned(0, 0, 0, old),
        Returned(1, 1, DROP, new),
        Returned(2, 0, 0, b"\x86" * 13),
        Returned(3, 1, DROP, new[:14]),
    ]
    assert engine.call("dropped").payload == b"2"
    goodbye(engine, process)


def test_what_is_declared_agrees_with_the_vectors(folder: Path, engine: EngineSide) -> None:
    vectors = [*json.loads((VECTORS / "handler.json").read_text())]
    types = ["text", "lines", "unsigned", "integer", "real", "bool", "button", "json", "bytes"]
    handlers = "\n".join(
        f"component.handler({fields['name']!r}, {{ type: {types[fields['value']]!r}, "
        f"unit: {fields['unit']!r}, help: {fields['help']!r}, "
        f"limits: {fields.get('limits', '')!r}, "
        f"read: {'() => 0' if fields['access'] & 9 == 1 else 'undefined'}, "
        f"write: {'() => 0' if fields['access'] & 2 else 'undefined'}, "
        f"call: {'() => 0' if fields['access'] & 8 else 'undefined'}, "
        f"parameter: {'true' if fields['access'] & 12 == 4 else 'false'} }});"
        for fields in (vector["fields"] for vector in vectors)
    )
    process = start(folder, engine, component(f"component.onPacket(() => {{}});\n{handlers}"))
    engine.attach()
    assert [message.payload.hex() for message in engine.declared] == [
        vector["bytes"][32:] for vector in vectors
    ]
    goodbye(engine, process)


def test_what_a_packet_causes_leaves_just_before_it(folder: Path, engine: EngineSide) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    engine.give_spares(8)
    given = [packet(13), packet(1), packet(8, 2), packet(9, 1), packet(14), packet(2, 3)]
    engine.give([*given, packet(2, 129), packet(6, 3)])
    made = bytes(12) + b"\x88\xb5\xee%c" + b"\x77" * 44
    assert [(r.port, r.flags, r.data) for r in engine.take(11)] == [
        (0, 0, packet(1)[:16] + b"\x5a" * 44),
        (0, 0, made % 0),
        (0, 0, made % 1),
        (0, 0, packet(8, 2)),
        (0, 0, packet(9, 0x80)),
        (0, 0, packet(9, 1)),
        (0, 0, packet(13)),
        (0, 0, packet(14)),
        (0, 0, b"\xa5" * 3 + packet(2, 3)),
        (1, DROP, packet(2, 129)),
        (3, 0, packet(6, 3)),
    ]
    goodbye(engine, process)


def test_batches_are_changed_in_their_arrays(folder: Path, engine: EngineSide) -> None:
    source = """component.onBatch((batch) => {
        for (let i = 0; i < batch.count; i++) {
            batch.pool[batch.offsets[i]] += 1;
            batch.ports[i] = batch.lengths[i] % 4;
            batch.offsets[i] -= 2;
            batch.lengths[i] += 1;
            if (i === 2) {
                batch.flush(2);
                component.send(component.newPacket(Uint8Array.of(7)));
                batch.drop(2, 'odd');
            }
        }
    });"""
    process = start(folder, engine, component(source, "{ reasons: ['even', 'odd'] }"))
    engine.attach()
    engine.give_spares(1)
    engine.give([b"\1\2\3", b"\4", b"\5\6"])
    assert [(r.port, r.flags, r.data[-2:]) for r in engine.take(4)] == [
        (3, 0, b"\2\2"),
        (1, 0, b"\0\0"),
        (0, 0, b"\7"),
        (2, DROP, b"\0\6"),
    ]
    goodbye(engine, process)


def test_packets_are_kept_and_sent_by_timers_and_promises(folder: Path, engine: EngineSide) -> None:
    source = """component.onPacket((packet) => {
        const kept = packet.keep();
        const later = () => {
            kept.bytes[1] += 1;
            component.send(kept);
        };
        if (packet.length === 0 && kept.bytes[0] === 0) setTimeout(later, 1);
        else Promise.resolve().then(later);
    });"""
    process = start(folder, engine, component(source))
    engine.attach()
    engine.give([b"\0\1", b"\1\1"])
    assert engine.take(2) == [Returned(1, 0, 0, b"\1\2"), Returned(0, 0, 0, b"\0\2")]
    engine.give([b"\0\5"])
    assert engine.take(1) == [Returned(0, 0, 0, b"\0\6")]
    goodbye(engine, process)


def test_handlers_of_every_type_keep_what_is_written(folder: Path, engine: EngineSide) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    assert sum(message.kind == HANDLER for message in engine.declared) == 20
    written = {
        "text": ("hello", "Grüße\n", "Grüße\n"),
        "lines": ("a\nb\n", "", ""),
        "unsigned": ("7", "18446744073709551615", "18446744073709551615"),
        "integer": ("-7", "-9223372036854775808", "-9223372036854775808"),
        "real": ("0.5", "2e-3", "0.002"),
        "flag": ("true", "no", "false"),
        "json": ('{"a": [1, 2]}', "[null]", "[null]"),
    }
    for name, (default, value, kept) in written.items():
        assert engine.call(name).payload.decode() == default
        assert engine.call(name, value.encode(), write=True).status == 0
        assert engine.call(name).payload.decode() == kept
    assert engine.call("blob").payload == b"\0\1\xff"
    assert engine.call("blob", b"\0\xfe", write=True).status == 0
    assert engine.call("blob").payload == b"\0\xfe"
    goodbye(engine, process)


def test_calls_that_fail_say_why_and_the_component_goes_on(
    folder: Path, engine: EngineSide
) -> None:
    process = start(folder, engine, conformance())
    engine.attach()
    failing = [
        ("fail", b"", False, b"failed as asked"),
        ("fail", b"x", True, b"failed as asked"),
        ("unsigned", b"-1", True, b"'-1' is not of type unsigned"),
        ("real", b"much", True, b"'much' is not of type real"),
        ("json", b"{", True, b"'{' is not of type JSON"),
    ]
    for name, value, write, message in failing:
        answer = engine.call(name, value, write)
        assert (answer.status, answer.payload) == (1, message)
    assert engine.call("echo", b"still here").payload == b"still here"
    goodbye(engine, process)


def test_a_promise_answers_after_calls_that_came_later(folder: Path, engine: EngineSide) -> None:
    source = """component.onPacket(() => {});
    let open;
    component.handler('wait', { read: () => new Promise((resolve) => (open = resolve)) });
    component.handler('open', { type: 'button', write: () => open('opened') });"""
    process = start(folder, engine, component(source))
    engine.attach()
    engine.say(7, b"wait\0", number=1)
    engine.say(7, b"open\0", status=1, number=2)
    assert [engine.receive() for _ in range(2)] == [
        Message(8, 0, 2, b""),
        Message(8, 0, 1, b"opened"),
    ]
    goodbye(engine, process)


def test_common_js_modules_find_the_package_too(folder: Path, engine: EngineSide) -> None:
    source = """const { Component } = require('weft-component');
    new Component().onPacket((packet) => packet.drop()).run();"""
    process = start(folder, engine, source, "main.cjs")
    engine.attach()
    engine.give([bytes(60)])
    assert engine.take(1) == [Returned(0, 0, DROP, bytes(60))]
    goodbye(engine, process)


def test_the_package_holds_what_it_needs(javascript: Path) -> None:
    packed = subprocess.run(
        ["npm", "pack", "--dry-run", "--json", "--offline", str(javascript)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    (package,) = json.loads(packed.stdout)
    inner = {f"lib/{path.name}" for path in SOURCES.glob("lib/*.cjs")}
    outer = {
        "package.json",
        "index.mjs",
        "index.cjs",
        "index.d.ts",
        "index.d.cts",
        "weft_component.node",
    }
    assert {file["path"] for file in package["files"]} == inner | outer


def test_the_guide_shows_the_first_component_as_it_is() -> None:
    guide = (ROOT / "docs" / "guides" / "components-javascript.md").read_text()
    assert f"```javascript\n{first()}```" in guide
    assert len(first().splitlines()) < 20
