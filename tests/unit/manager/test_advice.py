"""What is advised where a handler is not there, or is used in a way it cannot be."""

from __future__ import annotations

import asyncio

import pytest

from weft.errors import ChangeError, HandlerError, NotRunningError, StartError
from weft.manager.advice import advised, hint_of_values
from weft.model.handler import HandlerFacts
from weft.model.package import Parameter

FLAGS = {
    "c.handlers": b"class\tr.\nport\trw\ncount\tr\nclear\tw\nevict\tx\nreset\twb\n",
    "empty.handlers": b"class\tr.\nname\tr.\n",
    "handlers": b"version\tr\nstop\tw\n",
    "many.handlers": "".join(f"h{i}\tr\n" for i in range(40)).encode(),
    "c.port": b"80\n",
    "c.rules": b"allow all\ndrop none\n",
}
KNOWN = [
    HandlerFacts("c.port", "unsigned", "ports", "Where it listens", "1..9", True, True),
    HandlerFacts("c.on", "bool", "", "Whether it works", readable=True, writable=True),
    HandlerFacts("c.rules", "lines", "", "All rules", readable=True, writable=True),
    HandlerFacts("c.clear", "button", "", "Begins anew", writable=True),
    HandlerFacts("c.way", "text", "", "Where packets go", readable=True, parameter=True),
]


async def read(handler: str) -> bytes:
    if handler not in FLAGS:
        raise NotRunningError("no engine")
    return FLAGS[handler]


async def known() -> list[HandlerFacts]:
    return KNOWN


async def unknown() -> list[HandlerFacts]:
    raise NotRunningError("no engine")


def advice(code: int, handler: str, message: str = "no") -> tuple[str, str | None]:
    better = asyncio.run(advised(HandlerError(code, message), "wire", handler, read, known))
    assert better.code == code
    return better.message, better.hint


@pytest.mark.parametrize(
    ("code", "handler", "hint"),
    [
        (510, "x.count", "`weft show wire --handlers` lists elements and their handlers"),
        (511, "c.none", "'c' has: port, count, clear, evict, reset"),
        (511, "empty.none", "'empty' has: class, name"),
        (511, "none", "the graph has: version, stop"),
        (511, "gone.none", "`weft show wire --handlers` lists elements and their handlers"),
        (511, "many.none", f"'many' has: {', '.join(f'h{i}' for i in range(30))}, ..."),
        (530, "c.count", "read it: weft read wire c.count"),
        (530, "c.clear", "write it: weft write wire c.clear VALUE"),
        (530, "c.evict", "call it: weft call wire c.evict [ARGUMENT]"),
        (530, "c.reset", "call it: weft call wire c.reset"),
        (530, "version", "read it: weft read wire version"),
        (530, "gone.x", None),
        (520, "c.none", None),
    ],
)
def test_what_is_allowed_is_named(code: int, handler: str, hint: str | None) -> None:
    assert advice(code, handler) == ("no", hint)


def test_a_person_is_not_told_how_the_control_socket_calls() -> None:
    told, _ = advice(530, "c.evict", "Handler 'c.evict' is a command: call it with READDATA")
    assert told == "Handler 'c.evict' is a command"


@pytest.mark.parametrize(
    ("message", "handler", "hint"),
    [
        (
            "parse error",
            "c.port",
            "c.port takes a whole number from 0 on, 1..9, in ports: Where it listens; now it is 80",
        ),
        ("parse error", "c.on", "c.on takes true or false: Whether it works"),
        ("no", "c.rules", "c.rules takes lines: All rules"),
        ("command 'c.clear' takes no argument", "c.clear", None),
        ("'0' is not allowed; allowed: 1 to 9", "c.port", None),
        (
            "Read handler 'c.way' error:\nno",
            "c.way",
            "it may take a parameter, weft read wire c.way PARAMETER: Where packets go",
        ),
        ("Read handler 'c.on' error:\nno", "c.on", None),
    ],
)
def test_a_handler_that_refuses_a_value_tells_what_it_takes(
    message: str, handler: str, hint: str | None
) -> None:
    assert advice(520, handler, message) == (message, hint)


def test_a_refusal_is_told_as_it_is_where_nobody_knows_the_handler() -> None:
    error = HandlerError(520, "no")
    better = asyncio.run(advised(error, "wire", "c.port", read, unknown))
    assert (better.message, better.hint) == ("no", None)


PARAMETERS = (
    Parameter("RATE", "text", "10Mbps", "bandwidth, as 10Mbps"),
    Parameter("SIZE", "integer", "5"),
    Parameter("NAME", "text", help="its name"),
)


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ({}, None),
        ({"RATE": "10Mbps", "SIZE": "5"}, None),
        (
            {"RATE": "fast", "SIZE": "5", "NAME": "x"},
            "values that were given: RATE=fast (bandwidth, as 10Mbps); NAME=x (its name)",
        ),
        ({"SIZE": "6"}, "values that were given: SIZE=6 (integer)"),
    ],
)
def test_a_graph_that_does_not_start_tells_what_the_values_stand_for(
    values: dict[str, str], hint: str | None
) -> None:
    for error in (StartError("x", "engine", ["bad"]), ChangeError("x", "handler", ["bad"])):
        assert hint_of_values(error, PARAMETERS, values) == hint
    assert hint_of_values(StartError("x", "devices", ["bad"]), PARAMETERS, values) is None
