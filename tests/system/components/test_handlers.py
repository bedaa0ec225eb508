"""Values and commands of components in every language: types, refusals, errors, time limits.

A test with `sdk_bench` is not of a component in Click, whose values are text, never bytes, which sees
no batches, and whose handlers cannot be slow: that it answers late is in test_click.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, numbered
from tests.support.component_children import CHILDREN
from tests.support.component_engine import Client, ComponentEngine, RefusedError, until

if TYPE_CHECKING:
    from pathlib import Path

TYPES = {
    "bytes": ("unsigned", "r", "bytes"),
    "text": ("text", "rw", ""),
    "lines": ("lines", "rw", ""),
    "unsigned": ("unsigned", "rw", ""),
    "integer": ("integer", "rw", ""),
    "real": ("real", "rw", ""),
    "flag": ("bool", "rw", ""),
    "json": ("JSON", "rw", ""),
    "reset": ("button", "w", ""),
    "echo": ("text", "r", ""),
    "fail": ("text", "rw", ""),
}
DEFAULTS = {
    "text": b"hello",
    "lines": b"a\nb\n",
    "unsigned": b"7",
    "integer": b"-7",
    "real": b"0.5",
    "flag": b"true",
    "json": b'{"a": [1, 2]}',
}
TAKEN = [
    ("text", "", ""),
    ("text", "grün, 包, 'x' \\ \"y\"\n", "grün, 包, 'x' \\ \"y\"\n"),
    ("lines", "one\ntwo\n\nfour\n", "one\ntwo\n\nfour\n"),
    ("unsigned", "0", "0"),
    ("unsigned", "18446744073709551615", "18446744073709551615"),
    ("integer", "-9223372036854775808", "-9223372036854775808"),
    ("integer", "9223372036854775807", "9223372036854775807"),
    ("real", "0.1", "0.1"),
    ("real", "-2.5", "-2.5"),
    ("real", "0.30000000000000004", "0.30000000000000004"),
    ("flag", "0", "false"),
    ("flag", "1", "true"),
    ("flag", "no", "false"),
    ("flag", "yes", "true"),
    ("flag", "false", "false"),
]
WRONG = [
    ("unsigned", "-1", "unsigned"),
    ("unsigned", "18446744073709551616", "unsigned"),
    ("unsigned", "7.5", "unsigned"),
    ("unsigned", "", "unsigned"),
    ("unsigned", "twelve", "unsigned"),
    ("integer", "9223372036854775808", "integer"),
    ("integer", "1e3", "integer"),
    ("real", "nan", "real"),
    ("real", "inf", "real"),
    ("real", "1.5x", "real"),
    ("flag", "maybe", "bool"),
    ("flag", "2", "bool"),
    ("json", "{'a': 1}", "JSON"),
    ("json", "[1, 2", "JSON"),
    ("json", "", "JSON"),
]


def begin(bench: Bench, arguments: str = "") -> ComponentEngine:
    bench.load(numbered(300), Sides(arguments=arguments))
    bench.attach()
    return bench.engine


def refusal(client: Client, handler: str, value: str) -> str:
    with pytest.raises(RefusedError) as refused:
        client.write(handler, value)
    return str(refused.value).splitlines()[-1]


def test_values_of_every_type_are_read_and_written(bench: Bench) -> None:
    with begin(bench).client() as client:
        for name, value in DEFAULTS.items():
            assert client.read(f"c.{name}") == value, name
        for name, written, kept in TAKEN:
            client.write(f"c.{name}", written)
            assert client.read(f"c.{name}").decode() == kept, name
        client.write("c.json", '{"b": [true, null, 1.5, "ü"]}')
        assert json.loads(client.read("c.json")) == {"b": [True, None, 1.5, "ü"]}
        assert client.read("c.echo", "round and round") == b"round and round"
        assert client.read("c.echo") == b""


def test_values_of_a_wrong_type_are_refused_and_change_nothing(bench: Bench) -> None:
    with begin(bench).client() as client:
        for name, wrong, kind in WRONG:
            said = refusal(client, f"c.{name}", wrong)
            assert said == f"'{wrong}' is not of type {kind}", (name, wrong)
        for name, value in DEFAULTS.items():
            assert client.read(f"c.{name}") == value, name


def test_a_button_sets_the_counts_to_zero(bench: Bench) -> None:
    bench.exchange(numbered(300, length=100))
    assert [bench.engine.number(f"c.{name}") for name in ("packets", "bytes")] == [300, 30_000]
    bench.engine.write("c.reset")
    assert [bench.engine.number(f"c.{name}") for name in ("packets", "bytes")] == [0, 0]


def test_the_largest_batch_is_counted_anew_as_well(sdk_bench: Bench) -> None:
    sdk_bench.exchange(numbered(300))
    assert sdk_bench.engine.number("c.batch") > 0
    assert sdk_bench.engine.number("c.missed") == 0
    sdk_bench.engine.write("c.reset")
    assert sdk_bench.engine.number("c.batch") == 0


def test_bytes_are_read_and_written_as_they_are(sdk_bench: Bench) -> None:
    with begin(sdk_bench).client() as client:
        assert client.read("c.blob") == b"\0\1\xff"
        client.write("c.blob", bytes(range(256)) * 3)
        assert client.read("c.blob") == bytes(range(256)) * 3
        [element] = [e for e in json.loads(client.read("schema"))["elements"] if e["name"] == "c"]
        [blob] = [entry for entry in element["handlers"] if entry["name"] == "blob"]
        assert (blob["type"], blob["readable"], blob["writable"]) == ("bytes", True, True)


def test_what_is_declared_is_what_the_engine_describes(bench: Bench) -> None:
    schema = json.loads(begin(bench).read("schema"))
    [element] = [entry for entry in schema["elements"] if entry["name"] == "c"]
    described = {entry["name"]: entry for entry in element["handlers"]}
    for name, (value, access, unit) in TYPES.items():
        entry = described[name]
        assert (entry["type"], entry["unit"]) == (value, unit), name
        assert (entry["readable"], entry["writable"]) == ("r" in access, "w" in access), name
        assert entry["help"], name


def test_an_error_of_a_handler_is_its_answer(bench: Bench) -> None:
    with begin(bench).client() as client:
        with pytest.raises(RefusedError) as refused:
            client.read("c.fail")
        assert str(refused.value).splitlines()[-1] == "failed as asked"
        assert refusal(client, "c.fail", "anything") == "failed as asked"
        assert client.read("c.text") == b"hello"


def test_a_text_of_a_mebibyte_goes_both_ways(bench: Bench) -> None:
    """A call and its answer hold a mebibyte at most, the handler's name and a zero included."""
    text = "0123456789abcdef" * 65_535
    with begin(bench).client() as client:
        client.write("c.text", text)
        assert client.read("c.text").decode() == text
        assert client.read("c.echo", text).decode() == text


def test_a_text_that_no_call_can_hold_is_refused(bench: Bench) -> None:
    most = (1 << 20) - len("text") - 1
    with begin(bench).client() as client:
        said = refusal(client, "c.text", "x" * (most + 1))
        assert said == f"{most + 1} bytes are too many; at most {most} are possible"
        client.write("c.text", "y" * most)
        assert client.read("c.text") == b"y" * most


def test_a_handler_that_takes_too_long_is_given_up(sdk_bench: Bench) -> None:
    engine = begin(sdk_bench, "CALL_LIMIT 200ms, LIMIT 60s")
    with engine.client() as client, pytest.raises(RefusedError) as refused:
        client.read("c.slow", "1500")
    text = "component 'conf' has not answered within 200 ms"
    assert str(refused.value).splitlines()[-1] == text
    until(lambda: answered(engine), "the child answers again")
    sdk_bench.flow()
    sdk_bench.settle()
    sdk_bench.expect([numbered(300)])


def answered(engine: ComponentEngine) -> bool:
    try:
        return engine.read("c.text") == b"hello"
    except RefusedError:
        return False


def test_a_slow_handler_delays_no_other_client(sdk_bench: Bench) -> None:
    """What the element itself answers does not wait for the child, and its own calls are in order."""
    engine = begin(sdk_bench, "LIMIT 60s")
    with engine.client() as slow, engine.client() as other:
        slow.ask("c.slow", "1000")
        assert other.read("c.state") == b"ready"
        assert other.read("src.count") == b"0"
        assert other.read("c.echo", "behind it") == b"behind it"
        assert slow.take() == b"slept"


def test_many_clients_call_at_once_under_traffic(bench: Bench) -> None:
    engine = begin(bench)
    clients = [engine.client() for _ in range(20)]
    bench.flow()
    for round_number in range(10):
        for number, client in enumerate(clients):
            client.ask("c.echo", f"{number}/{round_number}")
        for number, client in enumerate(clients):
            assert client.take().decode() == f"{number}/{round_number}"
    for client in clients:
        client.close()
    bench.settle()
    bench.expect([numbered(300)])
    bench.account()


def test_calls_while_nobody_is_attached_say_so(bench: Bench) -> None:
    engine = begin(bench)
    bench.children[0].kill()
    engine.wait_for("component conf gone component-lost")
    with pytest.raises(RefusedError) as refused:
        engine.read("c.text")
    assert str(refused.value).splitlines()[-1] == "component 'conf' is not attached"
    bench.attach()
    assert engine.read("c.text") == b"hello"


def test_a_call_is_answered_when_the_child_dies_over_it(bench: Bench) -> None:
    with begin(bench, "LIMIT 60s").client() as client:
        bench.children[0].halt()
        client.ask("c.echo", "anybody there?")
        bench.children[0].kill()
        with pytest.raises(RefusedError) as refused:
            client.take()
    # The call may be on its way to the child, or the engine finds nobody to send it to.
    told = str(refused.value).splitlines()[-1]
    assert told in ("component 'conf' is not attached", "the component is gone")


LIMITED = [
    ("port", "65536", "0 to 65535"),
    ("port", "70000", "0 to 65535"),
    ("mode", "pass", "drop, mark"),
    ("label", "nine byte", "at most 8 bytes"),
]


def test_a_value_outside_its_limits_is_refused_and_changes_nothing(sdk_bench: Bench) -> None:
    kept = {"port": b"80", "mode": b"drop", "label": b"none"}
    with begin(sdk_bench).client() as client:
        for name, value, allowed in LIMITED:
            said = refusal(client, f"c.{name}", value)
            assert said == f"'{value}' is not allowed; allowed: {allowed}"
            assert client.read(f"c.{name}") == kept[name]
        assert refusal(client, "c.port", "http") == "'http' is not of type unsigned"
        for name, value in [("port", "65535"), ("mode", "mark"), ("label", "8 bytes!")]:
            client.write(f"c.{name}", value)
            assert client.read(f"c.{name}").decode() == value


def test_limits_and_commands_are_described(sdk_bench: Bench) -> None:
    schema = json.loads(begin(sdk_bench).read("schema"))
    [element] = [entry for entry in schema["elements"] if entry["name"] == "c"]
    described = {entry["name"]: entry for entry in element["handlers"]}
    limits = {name: described[name]["limits"] for name in ("port", "mode", "label", "text")}
    assert limits == {"port": "0..65535", "mode": "drop|mark", "label": "..8 bytes", "text": ""}
    greet = described["greet"]
    access = (greet["readable"], greet["writable"], greet["callable"], greet["limits"])
    assert access == (False, False, True, "..20 bytes")


def test_a_command_is_called_and_neither_read_nor_written(bench: Bench) -> None:
    with begin(bench).client() as client:
        assert client.read("c.greet", "weft") == b"hello weft"
        assert client.read("c.greet") == b"hello "
        text = "Handler 'c.greet' is a command: call it with READDATA"
        with pytest.raises(RefusedError) as refused:
            client.read_line("c.greet", "weft")
        assert str(refused.value) == text
        assert refusal(client, "c.greet", "weft") == text


def test_an_argument_outside_the_limits_of_a_command_is_refused(sdk_bench: Bench) -> None:
    argument = "x" * 21
    with begin(sdk_bench).client() as client, pytest.raises(RefusedError) as refused:
        client.read("c.greet", argument)
    said = str(refused.value).splitlines()[-1]
    assert said == f"'{argument}' is not allowed; allowed: at most 20 bytes"


def test_every_component_lists_its_values_and_commands(bench: Bench) -> None:
    lines = begin(bench).read("c.list").decode().splitlines()
    listed = dict(line.split("\t", 1) for line in lines)
    assert listed["bytes"] == "r\tunsigned\tbytes"
    assert listed["unsigned"] == "rw\tunsigned\t"
    assert listed["reset"] == "w\tbutton\t"
    assert listed["greet"] == "x\ttext\t"
    assert listed["list"] == "r\tlines\t"
    assert listed["in_flight"] == "r\tunsigned\tpackets"


def test_a_component_is_asked_whether_it_is_there(bench: Bench) -> None:
    engine = begin(bench, "CALL_LIMIT 200ms, LIMIT 60s")
    assert 0 < float(engine.read("c.check")) < 200
    bench.children[0].halt()
    with pytest.raises(RefusedError) as refused:
        engine.read("c.check")
    said = str(refused.value).splitlines()[-1]
    assert said == "component 'conf' has not answered within 200 ms"
    bench.children[0].go_on()


BEFORE = """
from weft.component import Component, protocol
protocol.MINOR = 1
component = Component()
component.packet(lambda packet: None)
component.handler("list", type="lines")(lambda: "its own\\n")
component.run()
"""
WRONG_LIMITS = """
from weft.component import Component, handlers
component = Component()
component.packet(lambda packet: None)
made = component.handler("x", type="unsigned")(lambda: 1)
made.limits = "5..1"
component.run()
"""


def python_bench(folder: Path, text: str) -> Bench:
    """With a component in Python of this text."""
    [python] = [kind for kind in CHILDREN if kind.name == "python"]

    def command(folder: Path, outputs: int) -> list[str]:
        return [python.command(folder, outputs)[0], "-c", text]

    return Bench(replace(python, name="text", command=command), folder)


def test_a_component_made_for_version_1_1_keeps_a_handler_that_others_have_now(
    tmp_path: Path,
) -> None:
    bench = python_bench(tmp_path, BEFORE)
    try:
        engine = begin(bench)
        assert engine.read("c.list") == b"its own\n"
        assert float(engine.read("c.check")) > 0
    finally:
        bench.close()


def test_a_component_with_limits_that_make_no_sense_is_cut_off(tmp_path: Path) -> None:
    bench = python_bench(tmp_path, WRONG_LIMITS)
    try:
        bench.load(numbered(1), Sides())
        bench.child()
        bench.engine.wait_for("component conf kill violation")
        told = bench.engine.log()
        assert (
            "component 'conf' cut off: declared handler 'x': limits '5..1' are not possible for "
            "unsigned; allowed: MIN..MAX or A|B|C\n"
        ) in told
    finally:
        bench.close()
