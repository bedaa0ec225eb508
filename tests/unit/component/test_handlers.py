"""Types of handlers: what is accepted, what is answered, and the words where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from weft.component import Component, HandlerError
from weft.component.handlers import Handler, parse_value, value_text


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (str, "grün\n".encode(), "grün\n"),
        ("lines", b"a\nb\n", "a\nb\n"),
        ("unsigned", b"18446744073709551615", 2**64 - 1),
        (int, b"-9223372036854775808", -(2**63)),
        (float, b".5e1", 5.0),
        (float, b"-3", -3.0),
        (bool, b"yes", True),
        (bool, b"0", False),
        (dict, b'{"a": [1, 2]}', {"a": [1, 2]}),
        ("json", b'{"a":[1,2]}', '{"a":[1,2]}'),
        (bytes, b"\x00\xff", b"\x00\xff"),
    ],
)
def test_a_value_of_the_type_is_taken(kind: object, data: bytes, value: object) -> None:
    assert parse_value(kind, data) == value


@pytest.mark.parametrize(
    ("kind", "data", "why"),
    [
        ("unsigned", b"-1", "'-1' is not of type unsigned"),
        ("unsigned", b"18446744073709551616", "'18446744073709551616' is not of type unsigned"),
        ("unsigned", b"9" * 5000, f"'{'9' * 200}...' is not of type unsigned"),
        ("unsigned", "\u0663".encode(), "'\u0663' is not of type unsigned"),
        ("unsigned", b"", "'' is not of type unsigned"),
        (int, b"+1", "'+1' is not of type integer"),
        (int, b"1.0", "'1.0' is not of type integer"),
        (int, b"9223372036854775808", "'9223372036854775808' is not of type integer"),
        (float, b"nan", "'nan' is not of type real"),
        (float, b"1e999", "'1e999' is not of type real"),
        (float, b"1_0", "'1_0' is not of type real"),
        (bool, b"True", "'True' is not of type bool"),
        (dict, b"{'a'}", "'{'a'}' is not of type JSON"),
        (dict, b"NaN", "'NaN' is not of type JSON"),
        (dict, b"[" * 100_000, f"'{'[' * 200}...' is not of type JSON"),
        (str, b"\xff", "'\ufffd' is not of type text"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: object, data: bytes, why: str) -> None:
    with pytest.raises(HandlerError) as raised:
        parse_value(kind, data)
    assert str(raised.value) == why


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (str, "hello", b"hello"),
        (int, -7, b"-7"),
        ("unsigned", np.uint64(2**64 - 1), b"18446744073709551615"),
        (float, 0.5, b"0.5"),
        (float, 2, b"2"),
        (float, np.float32(0.25), b"0.25"),
        (bool, np.bool_(True), b"true"),
        (bool, 0, b"false"),
        (dict, {"a": [1, 2], "ä": None}, '{"a": [1, 2], "ä": null}'.encode()),
        ("json", '{"a":1}', b'{"a":1}'),
        (bytes, bytearray(b"\x00\x01"), b"\x00\x01"),
    ],
)
def test_a_value_is_answered_as_text(kind: object, value: object, text: bytes) -> None:
    assert value_text(kind, value) == text


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (int, "seven", "'seven' is not of type integer"),
        ("unsigned", -1, "-1 is not of type unsigned"),
        (float, float("nan"), "nan is not of type real"),
        (float, "1", "'1' is not of type real"),
        (dict, {1, 2}, "{1, 2} is not of type JSON"),
        (bytes, 3, "3 is not of type bytes"),
        (str, "x" * 1048577, "a value of 1048577 bytes; at most 1048576 are allowed"),
    ],
)
def test_an_answer_of_another_type_is_refused(kind: object, value: object, why: str) -> None:
    with pytest.raises(HandlerError) as raised:
        value_text(kind, value)
    assert str(raised.value) == why


def test_name_help_and_parameter_come_from_the_function() -> None:
    component = Component()

    @component.handler(type=int, unit="packets")
    def seen() -> int:
        """Packets seen.

        All of them.
        """
        return 3

    @component.handler("upper")
    def upper(parameter: str) -> str:
        return parameter.upper()

    assert (seen.name, seen.unit, seen.help, seen.access) == ("seen", "packets", "Packets seen.", 1)
    assert seen.payload() == b"\x03\x01\0\0seen\0packets\0Packets seen.\0"
    assert seen() == 3
    assert upper.access == 5
    assert upper.read(b"abc") == b"ABC"


def test_a_setter_and_a_button() -> None:
    component = Component()
    values = {"limit": 1}

    @component.handler("limit", type="unsigned")
    def limit() -> int:
        return values["limit"]

    @limit.write
    def set_limit(value: int) -> None:
        values["limit"] = value

    @component.handler("clear", type="button")
    def clear() -> None:
        values.clear()

    @component.handler("add", type=str, write_only=True)
    def add(value: str) -> None:
        values[value] = 0

    assert (limit.access, clear.access, add.access) == (3, 2, 2)
    limit.written(b"5")
    assert limit.read(b"") == b"5"
    add.written(b"more")
    assert values == {"limit": 5, "more": 0}
    clear.written(b"")
    assert values == {}
    with pytest.raises(HandlerError, match=r"^handler 'clear' cannot be read$"):
        clear.read(b"")


def no_name(component: Component) -> None:
    component.handler("7up")(str)


def no_type(component: Component) -> None:
    component.handler("x", type=set)(str)


def twice(component: Component) -> None:
    for _ in range(2):
        component.handler("x")(lambda: "")


def no_function(component: Component) -> None:
    component.run()


def two_functions(component: Component) -> None:
    component.packet(lambda packet: None)
    component.batch(lambda batch: None)


@pytest.mark.parametrize(
    ("mistake", "why"),
    [
        (
            no_name,
            "a handler's name has letters, digits and _, not a digit first, at most 64: '7up'",
        ),
        (no_type, "handler 'x': no type <class 'set'>; types: str, text, lines, unsigned, int, "),
        (twice, "there are two handlers 'x'"),
        (no_function, "decorate a function with @component.packet or @component.batch first"),
        (two_functions, "a component has one function for packets; this is the second"),
        (lambda _: Component(reasons=["No"]), "a reason has a-z, 0-9 and -, at most 64 of them: "),
        (
            lambda _: Component(reasons=[f"r{i}" for i in range(256)]),
            "256 reasons; at most 255 are allowed",
        ),
        (lambda _: Component(spares=257), "spares is 0 to 256, not 257"),
    ],
)
def test_a_mistake_of_the_author_is_named(mistake: Any, why: str) -> None:
    with pytest.raises(ValueError) as raised:
        mistake(Component())
    assert str(raised.value).startswith(why)


def test_a_handler_without_a_reader_cannot_be_read() -> None:
    handler = Handler("x", str, "", "")
    with pytest.raises(HandlerError, match=r"^handler 'x' cannot be read$"):
        handler.read(b"")
    with pytest.raises(HandlerError, match=r"^handler 'x' cannot be written$"):
        handler.written(b"")


def limited(kind: object, limits: str) -> Handler:
    values: list[object] = []
    return Handler("x", kind, "", "", limits).reads(lambda: values[-1]).write(values.append)


@pytest.mark.parametrize(
    ("kind", "limits", "good", "bad", "allowed"),
    [
        ("unsigned", "0..65535", b"65535", b"70000", "0 to 65535"),
        ("unsigned", "18446744073709551615..", b"18446744073709551615", b"1",
         "at least 18446744073709551615"),
        (int, "..-2", b"-2", b"-1", "at most -2"),
        (float, "0.5..1.5", b"5e-1", b"1.51", "0.5 to 1.5"),
        (str, "tcp|udp", b"udp", b"TCP", "tcp, udp"),
        ("unsigned", "1|10", b"010", b"2", "1, 10"),
        (str, "..2 bytes", "ä".encode(), "äb".encode(), "at most 2 bytes"),
        (bytes, "..3 bytes", b"\0\1\2", b"\0\1\2\3", "at most 3 bytes"),
        (dict, "..9 bytes", b'{"a": 1}', b'{"a": 100}', "at most 9 bytes"),
    ],
)  # fmt: skip
def test_a_value_outside_its_limits_is_refused_before_the_author_sees_it(
    kind: object, limits: str, good: bytes, bad: bytes, allowed: str
) -> None:
    handler = limited(kind, limits)
    handler.written(good)
    before = handler.read(b"")
    with pytest.raises(HandlerError) as raised:
        handler.written(bad)
    assert str(raised.value) == f"'{bad.decode()}' is not allowed; allowed: {allowed}"
    assert handler.read(b"") == before
    assert handler.payload().endswith(b"\0" + limits.encode() + b"\0")


@pytest.mark.parametrize(
    ("kind", "limits", "why"),
    [
        (
            "unsigned",
            "5..1",
            "limits '5..1' are not possible for unsigned; allowed: MIN..MAX or A|B|C",
        ),
        (int, "..", "limits '..' are not possible for integer; allowed: MIN..MAX or A|B|C"),
        (float, "0..inf", "limits '0..inf' are not possible for real; allowed: MIN..MAX or A|B|C"),
        (str, "a|b|a", "limits 'a|b|a' are not possible for text; allowed: ..N bytes or A|B|C"),
        (str, "0..5", "limits '0..5' are not possible for text; allowed: ..N bytes or A|B|C"),
        ("lines", "a|b", "limits 'a|b' are not possible for lines; allowed: ..N bytes"),
        (bytes, "..0 bytes", "limits '..0 bytes' are not possible for bytes; allowed: ..N bytes"),
        (bool, "0..1", "limits '0..1' are not possible for bool; allowed: none"),
        ("button", "a|b", "limits 'a|b' are not possible for button; allowed: none"),
        (str, "a|" * 600, "limits of 1200 bytes; at most 1024 are allowed"),
    ],
)
def test_limits_that_make_no_sense_are_refused(kind: object, limits: str, why: str) -> None:
    with pytest.raises(ValueError) as raised:
        Handler("x", kind, "", "", limits)
    assert str(raised.value) == f"handler 'x': {why}"


def test_a_command_takes_an_argument_and_gives_a_result() -> None:
    component = Component()

    @component.command(type=int, unit="flows", limits="tcp|udp")
    def evict(protocol: str) -> int:
        """Forgets flows."""
        return len(protocol)

    @component.command("clear", type="button")
    def clear() -> None:
        pass

    assert evict.payload() == b"\x03\x0d\0\0evict\0flows\0Forgets flows.\0tcp|udp\0"
    assert evict.read(b"tcp") == b"3"
    assert clear.read(b"") == b""
    for command, argument, why in [
        (evict, b"icmp", "'icmp' is not allowed; allowed: tcp, udp"),
        (evict, b"", "'' is not allowed; allowed: tcp, udp"),
        (clear, b"now", "command 'clear' takes no argument"),
    ]:
        with pytest.raises(HandlerError) as raised:
            command.read(argument)
        assert str(raised.value) == why
    with pytest.raises(
        ValueError, match=r"^handler 'evict' is a command: it cannot be written too$"
    ):
        evict.write(print)
