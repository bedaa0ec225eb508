"""Asks the engine and every component of a function at the same time whether they are there."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from weft.errors import HandlerError, NotRunningError
from weft.model.check import PartCheck
from weft.model.state import FunctionState
from weft.vnf.control import ControlSocket

if TYPE_CHECKING:
    from weft.model.function import ComponentStatus, FunctionStatus

__all__ = ["check_parts"]

_WITHOUT_AGENT = (HandlerError.NO_ELEMENT, HandlerError.NO_HANDLER)
"""No such element, no such handler: a program, which answers nobody."""


async def check_parts(path: str, status: FunctionStatus, timeout_s: float) -> tuple[PartCheck, ...]:
    """The engine, then the components in the order of their status; `path` is that of the ControlSocket."""
    if status.state is FunctionState.INACTIVE:
        return (
            PartCheck("engine", "stopped", None, restarts=status.restarts),
            *(
                PartCheck(each.name, each.state, None, restarts=each.restarts)
                for each in status.components
            ),
        )
    components = (_component(path, each, timeout_s) for each in status.components)
    return tuple(await asyncio.gather(_engine(path, status, timeout_s), *components))


async def _engine(path: str, status: FunctionStatus, timeout_s: float) -> PartCheck:
    state = status.state.value
    if status.state is FunctionState.FAILED:
        problem = "; ".join(status.errors) or "it failed"
        return PartCheck("engine", state, False, restarts=status.restarts, problem=problem)
    begin = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s), await _connected(path, timeout_s) as control:
            await control.read("version")
    except (TimeoutError, NotRunningError) as error:
        problem = _silence(error, timeout_s)
        return PartCheck("engine", state, False, restarts=status.restarts, problem=problem)
    answer_ms = 1000 * (time.monotonic() - begin)
    return PartCheck("engine", state, True, answer_ms, status.restarts)


async def _component(path: str, status: ComponentStatus, timeout_s: float) -> PartCheck:
    name, state, restarts = status.name, status.state, status.restarts
    begin = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s), await _connected(path, timeout_s) as control:
            said = await control.read(f"{name}.check")
    except (TimeoutError, NotRunningError) as error:
        return PartCheck(name, state, False, None, restarts, _silence(error, timeout_s))
    except HandlerError as error:
        if error.code in _WITHOUT_AGENT:
            problem = "" if state == "ready" else f"its process is {state}"
            return PartCheck(name, state, None, None, restarts, problem)
        return PartCheck(name, state, False, None, restarts, error.message.splitlines()[-1])
    return PartCheck(name, state, True, _milliseconds(said, begin), restarts)


async def _connected(path: str, timeout_s: float) -> ControlSocket:
    return await ControlSocket.connect_unix(path, timeout_s)


def _milliseconds(said: bytes, begin: float) -> float:
    """What the engine measured; what passed here, where a component has a handler `check` of its own."""
    try:
        return float(said)
    except ValueError:
        return 1000 * (time.monotonic() - begin)


def _silence(error: Exception, timeout_s: float) -> str:
    return str(error) or f"no answer within {timeout_s:g} s"
