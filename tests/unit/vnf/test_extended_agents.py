"""What the extended agents of a function are asked, against ControlSockets that answer as told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from weft.errors import HandlerError
from weft.model.check import PartCheck
from weft.model.function import ComponentStatus, FunctionStatus
from weft.model.handler import HandlerFacts
from weft.model.state import FunctionState
from weft.vnf.checking import check_parts
from weft.vnf.control import ControlSocket
from weft.vnf.extended_agents import call_handler, list_handlers, read_handler, write_handler

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path


def data(text: str) -> bytes:
    return f"200 OK\r\nDATA {len(text)}\r\n{text}".encode()


def refused(code: int, *lines: str) -> bytes:
    *before, last = lines
    return "".join([*(f"{code}-{line}\r\n" for line in before), f"{code} {last}\r\n"]).encode()


DONE = b"200 OK\r\n"
NO_ELEMENT = refused(510, "No element named 'own/paint'")
SILENT = b""


async def served(
    folder: Path, answers: Mapping[str, bytes], run: Callable[[str], Awaitable[Any]]
) -> Any:
    """What `run` gives of a socket that has an answer for each request, by its line or its start."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Click::ControlSocket/1.3\r\n")
        while line := (await reader.readline()).decode().strip():
            command, handler, *rest = line.split(" ", 2)
            value = (await reader.readexactly(int(rest[0]))).decode() if "DATA" in command else ""
            asked = (
                f"{command} {handler} {value or ' '.join(rest) * ('DATA' not in command)}".strip()
            )
            writer.write(answers[asked])
        writer.close()

    async with await asyncio.start_unix_server(serve, folder / "s"):
        return await run(str(folder / "s"))


def talk(
    folder: Path, answers: Mapping[str, bytes], ask: Callable[[ControlSocket], Awaitable[Any]]
) -> Any:
    async def run(path: str) -> Any:
        async with await ControlSocket.connect_unix(path) as control:
            return await ask(control)

    return asyncio.run(served(folder, answers, run))


def entry(name: str, kind: str = "text", **changes: object) -> dict[str, object]:
    said = {"name": name, "type": kind, "unit": "", "help": "", "limits": "", "parameter": False}
    access = {"readable": True, "writable": False, "callable": False}
    return {**said, **access, **changes}


def schema(**elements: list[dict[str, object]]) -> bytes:
    all_of_them = [{"name": n, "class": "C", "handlers": h} for n, h in elements.items()]
    return data(json.dumps({"elements": all_of_them}))


def test_elements_of_a_click_component_in_a_process_are_listed_behind_it(tmp_path: Path) -> None:
    port = entry("port", "unsigned", unit="", limits="0..65535", writable=True)
    answers = {
        "READ schema": schema(
            own=[entry("get"), entry("set"), entry("schema", "JSON")],
            gone=[entry("get"), entry("set"), entry("schema", "JSON")],
            c=[port],
        ),
        "READ own.schema": schema(paint=[entry("color", "unsigned")]),
        "READ gone.schema": refused(590, "Read handler 'gone.schema' error:", "not attached"),
    }
    found = talk(tmp_path, answers, list_handlers)
    assert [facts.name for facts in found] == [
        *("own.get", "own.set", "own.schema", "own/paint.color"),
        *("gone.get", "gone.set", "gone.schema", "c.port"),
    ]
    assert found[-1] == HandlerFacts(
        "c.port", "unsigned", limits="0..65535", readable=True, writable=True
    )
    assert (found[3].element, found[-1].access) == ("own/paint", "read, write")


@pytest.mark.parametrize(
    "said",
    [
        *("", "no JSON", "[]", "{}", '{"elements": 7}', '{"elements": [1]}'),
        '{"elements": [{"name": 1}]}',
        '{"elements": [{"name": "a", "handlers": [{"name": "b"}]}]}',
        "[" * 100_000,
    ],
)
def test_a_component_whose_schema_is_none_has_its_own_handlers(tmp_path: Path, said: str) -> None:
    answers = {
        "READ schema": schema(own=[entry("get"), entry("set"), entry("schema")]),
        "READ own.schema": data(said),
    }
    found = talk(tmp_path, answers, list_handlers)
    assert [facts.name for facts in found] == ["own.get", "own.set", "own.schema"]


def test_handlers_of_such_an_element_go_through_get_and_set(tmp_path: Path) -> None:
    answers = {
        "READ own/paint.color": NO_ELEMENT,
        "CHECKREAD own.get": DONE,
        "READ own.get paint.color": data("7"),
        "WRITEDATA own/paint.color 8": NO_ELEMENT,
        "WRITEDATA own.set paint.color 8": DONE,
    }

    async def ask(control: ControlSocket) -> bytes:
        await write_handler(control, "own/paint.color", "8")
        return await read_handler(control, "own/paint.color")

    assert talk(tmp_path, answers, ask) == b"7"


def test_an_element_that_is_nowhere_is_told_as_the_engine_does(tmp_path: Path) -> None:
    answers = {"READ own/paint.color": NO_ELEMENT, "CHECKREAD own.get": refused(510, "No element")}
    with pytest.raises(HandlerError, match=r"^No element named 'own/paint'$"):
        talk(tmp_path, answers, lambda control: read_handler(control, "own/paint.color"))


FLAGS = data("port\trw\nevict\tx\nreset\twb\n")


def called(folder: Path, handler: str, argument: str, **more: bytes) -> Any:
    answers = {"READ c.handlers": FLAGS, **more}
    return talk(folder, answers, lambda control: call_handler(control, handler, argument))


def test_a_command_is_called_with_data(tmp_path: Path) -> None:
    assert called(tmp_path, "c.evict", "a b", **{"READDATA c.evict a b": data("3")}) == b"3"


def test_a_button_is_pressed(tmp_path: Path) -> None:
    assert called(tmp_path, "c.reset", "", **{"WRITEDATA c.reset": DONE}) == b""


@pytest.mark.parametrize(
    ("handler", "argument", "why"),
    [
        ("c.none", "", "No handler named 'c.none'"),
        ("c.reset", "now", "command 'c.reset' takes no argument"),
        ("stop", "", "'stop' names no command: it is ELEMENT.COMMAND"),
        (
            "c.port",
            "7",
            "'c.port' is a value of 'c', not a command; its commands are: evict, reset",
        ),
    ],
)
def test_what_cannot_be_called_says_why(
    tmp_path: Path, handler: str, argument: str, why: str
) -> None:
    with pytest.raises(HandlerError) as refusal:
        called(tmp_path, handler, argument)
    assert refusal.value.message == why


def test_an_error_of_a_command_is_told_without_its_head(tmp_path: Path) -> None:
    answer = refused(590, "Read handler 'c.evict' error:", "'x' is not allowed; allowed: a, b")
    with pytest.raises(HandlerError) as refusal:
        called(tmp_path, "c.evict", "x", **{"READDATA c.evict x": answer})
    assert refusal.value.message == "command 'c.evict': 'x' is not allowed; allowed: a, b"


# ---- whether they answer


def parts(folder: Path, answers: Mapping[str, bytes], status: FunctionStatus) -> list[PartCheck]:
    async def run(path: str) -> tuple[PartCheck, ...]:
        return await check_parts(path, status, 0.3)

    return list(asyncio.run(served(folder, answers, run)))


def component(name: str, state: str = "ready") -> ComponentStatus:
    return ComponentStatus(name, name, state, restarts=1)


def test_all_are_asked_and_silence_is_told(tmp_path: Path) -> None:
    names = ("fast", "dead", "away", "program", "broken")
    states = {"broken": "restarting", "away": "starting"}
    components = tuple(component(name, states.get(name, "ready")) for name in names)
    answers = {
        "READ version": data("1.0"),
        "READ fast.check": data("0.041"),
        "READ dead.check": SILENT,
        "READ away.check": refused(590, "Read handler 'away.check' error:", "not attached"),
        "READ program.check": refused(510, "No element named 'program'"),
        "READ broken.check": refused(510, "No element named 'broken'"),
    }
    status = FunctionStatus(FunctionState.ACTIVE, restarts=2, components=components)
    engine, *found = parts(tmp_path, answers, status)
    assert (engine.name, engine.alive, engine.restarts) == ("engine", True, 2)
    assert found == [
        PartCheck("fast", "ready", True, 0.041, 1),
        PartCheck("dead", "ready", False, None, 1, "no answer within 0.3 s"),
        PartCheck("away", "starting", False, None, 1, "not attached"),
        PartCheck("program", "ready", None, None, 1),
        PartCheck("broken", "restarting", None, None, 1, "its process is restarting"),
    ]
    assert [part.answer for part in found] == ["alive", "silent", "silent", "-", "-"]


def test_a_stopped_function_is_not_asked(tmp_path: Path) -> None:
    status = FunctionStatus(
        FunctionState.INACTIVE, restarts=0, components=(component("c", "ended"),)
    )
    assert parts(tmp_path, {}, status) == [
        PartCheck("engine", "stopped", None, restarts=0),
        PartCheck("c", "ended", None, restarts=1),
    ]


def test_an_engine_that_failed_is_told_with_its_errors(tmp_path: Path) -> None:
    status = FunctionStatus(FunctionState.FAILED, errors=("one", "two"), restarts=9)
    assert parts(tmp_path, {}, status) == [
        PartCheck("engine", "failed", False, restarts=9, problem="one; two")
    ]
