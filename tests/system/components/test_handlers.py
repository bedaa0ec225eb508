"""Values and commands of components in every language: types, refusals, errors, time limits, and patience."""

from __future__ import annotations

import json

import pytest

from tests.support.component_bench import Bench, Sides, numbered
from tests.support.component_engine import Client, ComponentEngine, Refused, until

TYPES = {
    "packets": ("unsigned", "r", "packets"),
    "bytes": ("unsigned", "r", "bytes"),
    "text": ("text", "rw", ""),
    "lines": ("lines", "rw", ""),
    "unsigned": ("unsigned", "rw", ""),
    "integer": ("integer", "rw", ""),
    "real": ("real", "rw", ""),
    "flag": ("bool", "rw", ""),
    "json": ("json", "rw", ""),
    "blob": ("bytes", "rw", ""),
    "reset": ("button", "w", ""),
    "echo": ("text", "r", ""),
}
DEFAULTS = {
    "text": b"hello",
    "lines": b"a\nb\n",
    "unsigned": b"7",
    "integer": b"-7",
    "real": b"0.5",
    "flag": b"true",
    "json": b'{"a": [1, 2]}',
    "blob": b"\0\1\xff",
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
    with pytest.raises(Refused) as refused:
        client.write(handler, value)
    return str(refused.value).splitlines()[-1]


def test_values_of_every_type_are_read_and_written(bench: Bench) -> None:
    with begin(bench).client() as client:
        for name, value in DEFAULTS.items():
            assert client.read(f"c.{name}") == value, name
        for name, value, kept in TAKEN:
            client.write(f"c.{name}", value)
            assert client.read(f"c.{name}").decode() == kept, name
        client.write("c.json", '{"b": [true, null, 1.5, "ü"]}')
        assert json.loads(client.read("c.json")) == {"b": [True, None, 1.5, "ü"]}
        client.write("c.blob", bytes(range(256)) * 3)
        assert client.read("c.blob") == bytes(range(256)) * 3
        assert client.read("c.echo", "round and round") == b"round and round"
        assert client.read("c.echo") == b""


def test_values_of_a_wrong_type_are_refused_and_change_nothing(bench: Bench) -> None:
    with begin(bench).client() as client:
        for name, value, kind in WRONG:
            said = refusal(client, f"c.{name}", value)
            assert said == f"'{value}' is not of type {kind}", (name, value)
        for name, value in DEFAULTS.items():
            assert client.read(f"c.{name}") == value, name


def test_a_button_sets_the_counts_to_zero(bench: Bench) -> None:
    bench.exchange(numbered(300, length=100))
    counts = [bench.engine.number(f"c.{name}") for name in ("packets", "bytes", "missed")]
    assert counts == [300, 30_000, 0]
    assert bench.engine.number("c.batch") > 0
    bench.engine.write("c.reset")
    assert [bench.engine.number(f"c.{n}") for n in ("packets", "bytes", "batch")] == [0, 0, 0]


def test_what_is_declared_is_what_the_engine_lists(bench: Bench) -> None:
    engine = begin(bench)
    listed = dict(line.split("\t") for line in engine.read("c.handlers").decode().splitlines())
    for name, (_, access, _) in TYPES.items():
        assert listed[name].strip().replace("+", "") == access, name
    described = {entry["name"]: entry for entry in declared(engine)}
    for name, (value, _, unit) in TYPES.items():
        assert (described[name]["type"], described[name].get("unit", "")) == (value, unit), name
        assert described[name]["help"], name


def declared(engine: ComponentEngine) -> list[dict[str, str]]:
    raise NotImplementedError


def test_an_error_of_a_handler_is_its_answer(bench: Bench) -> None:
    with begin(bench).client() as client:
        with pytest.raises(Refused) as refused:
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


def test_a_handler_that_takes_too_long_is_given_up(bench: Bench) -> None:
    engine = begin(bench, "CALL_LIMIT 200ms, LIMIT 60s")
    with engine.client() as client, pytest.raises(Refused) as refused:
        client.read("c.slow", "1500")
    text = "component 'conf' has not answered within 200 ms"
    assert str(refused.value).splitlines()[-1] == text
    until(lambda: answered(engine), "the child answers again")
    bench.flow()
    bench.settle()
    bench.expect([numbered(300)])


def answered(engine: ComponentEngine) -> bool:
    try:
        return engine.read("c.text") == b"hello"
    except Refused:
        return False


def test_a_slow_handler_delays_no_other_client(bench: Bench) -> None:
    """What the element itself answers does not wait for the child, and its own calls are in order."""
    engine = begin(bench, "LIMIT 60s")
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
    with pytest.raises(Refused) as refused:
        engine.read("c.text")
    assert str(refused.value).splitlines()[-1] == "component 'conf' is not attached"
    bench.attach()
    assert engine.read("c.text") == b"hello"


def test_a_call_is_answered_when_the_child_dies_over_it(bench: Bench) -> None:
    with begin(bench, "LIMIT 60s").client() as client:
        client.ask("c.slow", "60000")
        bench.children[0].halt()
        bench.children[0].kill()
        with pytest.raises(Refused) as refused:
            client.take()
    assert str(refused.value).splitlines()[-1] == "component 'conf' is not attached"
