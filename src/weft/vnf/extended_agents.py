"""The extended agents (EA) of a function: what its elements and components let others read, write and call.

An element in a Click component is `COMPONENT/ELEMENT`, whether the component is a part of the engine or
runs in a process of its own; that process is asked through its handlers `get`, `set` and `schema`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from weft.errors import HandlerError
from weft.model.handler import HandlerFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.vnf.control import ControlSocket

__all__ = ["call_handler", "list_handlers", "read_handler", "write_handler"]

# What is raised of JSON that is of another shape, or none.
_NO_SCHEMA = (ValueError, KeyError, TypeError, RecursionError)


async def list_handlers(control: ControlSocket) -> list[HandlerFacts]:
    """Every handler that is declared, by element; those in a process that is silent are missing."""
    found: list[HandlerFacts] = []
    for element in _elements(await control.read("schema")):
        name = str(element["name"])
        found += _facts(element, name)
        if {"get", "set", "schema"} <= {entry["name"] for entry in element["handlers"]}:
            found += await _inner(control, name)
    return found


async def _inner(control: ControlSocket, component: str) -> list[HandlerFacts]:
    """Those of the elements in a process, as far as it tells: it may be no Click component at all."""
    try:
        elements = _elements(await control.read(f"{component}.schema"))
        return [
            facts
            for element in elements
            for facts in _facts(element, f"{component}/{element['name']}")
        ]
    except (HandlerError, *_NO_SCHEMA):
        return []


def _elements(text: bytes) -> list[dict[str, Any]]:
    elements: list[dict[str, Any]] = json.loads(text)["elements"]
    return elements


def _facts(element: dict[str, Any], name: str) -> Iterator[HandlerFacts]:
    for entry in element["handlers"]:
        yield HandlerFacts(
            name=f"{name}.{entry['name']}",
            type=str(entry["type"]),
            unit=str(entry["unit"]),
            help=str(entry["help"]),
            limits=str(entry["limits"]),
            readable=bool(entry["readable"]),
            writable=bool(entry["writable"]),
            callable=bool(entry["callable"]),
            parameter=bool(entry["parameter"]),
        )


async def read_handler(control: ControlSocket, handler: str, parameters: str = "") -> bytes:
    """Read a handler of the engine, of a component, or of an element in one."""
    try:
        return await control.read(handler, parameters)
    except HandlerError as error:
        component, inner = await _inside(control, handler, error)
    return await control.read(f"{component}.get", f"{inner} {parameters}".rstrip())


async def write_handler(control: ControlSocket, handler: str, value: str) -> None:
    """Write a handler of the engine, of a component, or of an element in one."""
    try:
        await control.write(handler, value)
    except HandlerError as error:
        component, inner = await _inside(control, handler, error)
        await control.write(f"{component}.set", f"{inner} {value}".rstrip())


async def _inside(control: ControlSocket, handler: str, error: HandlerError) -> tuple[str, str]:
    """The Click component in a process that an element is in, and the handler there; else `error`."""
    component, slash, inner = handler.partition("/")
    if (
        error.code != HandlerError.NO_ELEMENT
        or not slash
        or not await control.can_read(f"{component}.get")
    ):
        raise error
    return component, inner


async def call_handler(control: ControlSocket, handler: str, argument: str) -> bytes:
    """Call a command with an argument; its result. A button is pressed, which gives none."""
    element, dot, name = handler.rpartition(".")
    if not dot:
        raise HandlerError(
            HandlerError.NO_HANDLER, f"'{handler}' names no command: it is ELEMENT.COMMAND"
        )
    flags = await _flags(control, element)
    if name not in flags:
        raise HandlerError(HandlerError.NO_HANDLER, f"No handler named '{handler}'")
    if "x" in flags[name]:
        return await control.call(handler, argument)
    if "b" not in flags[name]:
        commands = [known for known, marks in flags.items() if set("xb") & set(marks)]
        there = f"its commands are: {', '.join(commands)}" if commands else "it has no commands"
        raise HandlerError(
            HandlerError.NO_PERMISSION,
            f"'{handler}' is a value of '{element}', not a command; {there}",
        )
    if argument:
        raise HandlerError(HandlerError.FAILED, f"command '{handler}' takes no argument")
    await write_handler(control, handler, "")
    return b""


async def _flags(control: ControlSocket, element: str) -> dict[str, str]:
    """The flags of an element's handlers, by name: `x` is a command, `b` a button."""
    text = await read_handler(control, f"{element}.handlers")
    pairs = (line.partition("\t") for line in text.decode(errors="replace").splitlines())
    return {name: flags for name, _, flags in pairs}
