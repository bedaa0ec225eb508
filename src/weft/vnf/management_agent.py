"""The management agent (MA) of one function: its life cycle and its handlers, over its two sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from weft.errors import FunctionError, NotRunningError, PrivilegeError
from weft.model.check import FunctionCheck, PartCheck
from weft.model.function import ComponentStatus, FunctionStatus, InterfaceStatus
from weft.model.state import FunctionState
from weft.vnf.control import ControlSocket
from weft.vnf.extended_agents import (
    call_handler,
    list_handlers,
    read_handler,
    write_handler,
)
from weft.vnf.looking import component_values, engine_stats, look_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from weft.model.handler import HandlerFacts
    from weft.model.look import Look
    from weft.model.trace import TraceRequest

__all__ = ["ManagementAgent"]

_LINE_LIMIT_BYTES = 2**20
# The engine answers at once, unless it is being started again.
_LOOK_S = 2.0
_RESTING = (FunctionState.INACTIVE, FunctionState.FAILED)


class ManagementAgent:
    """Talks to `init.sock` for the life cycle, and to `control.sock` for handlers."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._init_socket = str(folder / "init.sock")
        self._control_socket = str(folder / "control.sock")

    async def status(self) -> FunctionStatus:
        """How the function is; NotRunningError where its process 1 is gone."""
        return await self._status(timeout_s=2.0)

    async def _status(self, timeout_s: float) -> FunctionStatus:
        reply = await self._order("status", timeout_s)
        try:
            state = FunctionState(reply.get("state", ""))
        except ValueError:
            state = FunctionState.FAILED
        return FunctionStatus(
            state=state,
            pid=reply.get("pid"),
            engine_pid=reply.get("engine_pid") or None,
            restarts=reply.get("restarts"),
            uptime_s=reply.get("uptime_s"),
            memory_bytes=reply.get("memory_bytes"),
            cpu_s=reply.get("cpu_s"),
            limits=reply.get("limits"),
            errors=tuple(reply.get("errors") or ()),
            components=tuple(_component(item) for item in reply.get("components") or ()),
            interfaces=tuple(
                InterfaceStatus(str(item["name"]), int(item["mtu"]), bool(item["link"]))
                for item in reply.get("interfaces") or ()
            ),
            cpu_limit=reply.get("cpu_limit"),
            memory_limit_bytes=reply.get("memory_limit_bytes"),
        )

    async def start(self) -> None:
        """Start the processing again."""
        await self._order("start")

    async def stop(self) -> None:
        """End the processing and keep the sandbox."""
        await self._order("stop")

    async def reload(self, timeout_s: float) -> None:
        """Start the component processes that the function's folder has come to list."""
        await self._order("reload", timeout_s)

    async def settle(self) -> None:
        """End the component processes that the function's folder lists no more."""
        await self._order("settle")

    async def off(self) -> None:
        """End everything, the sandbox included."""
        await self._order("shutdown")

    async def look(self, *, values: bool = False, byte_lease_s: float = 0.0) -> Look:
        """What init and the engine tell of the function just now; with `values` components too.

        The engine counts the bytes of elements from then on for `byte_lease_s`.
        """
        status = await self.status()
        stats: dict[str, Any] = {}
        numbers: dict[str, float] = {}
        at_s = time.monotonic()
        # Without an engine, what init tells is all there is.
        if status.state not in _RESTING:
            with contextlib.suppress(NotRunningError, TimeoutError):
                async with (
                    asyncio.timeout(_LOOK_S),
                    await ControlSocket.connect_unix(self._control_socket) as control,
                ):
                    stats = await engine_stats(control, byte_lease_s)
                if values:
                    numbers = await component_values(self._control_socket, stats)
        return look_of(at_s, status, stats, numbers)

    async def read(self, handler: str, parameters: str = "") -> bytes:
        """Read a handler of the running graph."""
        async with await self._engine() as control:
            return await read_handler(control, handler, parameters)

    async def write(self, handler: str, value: str) -> None:
        """Write a handler of the running graph."""
        async with await self._engine() as control:
            await write_handler(control, handler, value)

    async def handlers(self) -> list[HandlerFacts]:
        """The values and commands of every element and component."""
        async with await self._engine() as control:
            return await list_handlers(control)

    async def call(self, handler: str, argument: str = "") -> bytes:
        """Call a command of the running graph; its result."""
        async with await self._engine() as control:
            return await call_handler(control, handler, argument)

    async def check(self, timeout_s: float) -> FunctionCheck:
        """Ask process 1, then the engine and all components at once, whether they are there."""
        from weft.vnf.checking import check_parts

        begin = time.monotonic()
        try:
            status = await self._status(timeout_s)
        except FunctionError as error:
            init = PartCheck("init", "", False, problem=error.message)
            return FunctionCheck(self._name, FunctionState.FAILED, (init,))
        init = PartCheck("init", "running", True, 1000 * (time.monotonic() - begin))
        parts = await check_parts(self._control_socket, status, timeout_s)
        return FunctionCheck(self._name, status.state, (init, *parts))

    async def trace(self, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets; what the engine tells of them, look by look, until it is over."""
        from weft.vnf.tracing import follow  # others do without

        async with await self._engine() as control, aclosing(follow(control, request)) as looks:
            async for look in looks:
                yield look

    async def _engine(self) -> ControlSocket:
        """A connection to the engine; where none is meant to run, nobody would ever answer."""
        state = (await self.status()).state
        if state in _RESTING:
            raise NotRunningError(
                f"'{self._name}' is {state.value}: no engine runs in it",
                hint=f"start it with: weft start {self._name}",
            )
        return await ControlSocket.connect_unix(self._control_socket)

    async def _order(self, operation: str, timeout_s: float = 10.0) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                line = await self._exchange(json.dumps({"op": operation}).encode() + b"\n")
            reply = json.loads(line)
        except (FileNotFoundError, ConnectionError):
            raise NotRunningError(f"'{self._name}' does not run: nobody listens") from None
        except PermissionError:
            raise PrivilegeError(f"managing '{self._name}'") from None
        except TimeoutError:
            raise FunctionError(
                f"'{self._name}' does not answer '{operation}' within {timeout_s:.0f} s"
            ) from None
        except (OSError, ValueError) as error:
            raise FunctionError(f"'{self._name}' broke off '{operation}': {error}") from None
        if not isinstance(reply, dict) or not reply.get("ok"):
            said = reply.get("error") if isinstance(reply, dict) else reply
            raise FunctionError(f"'{self._name}' refused '{operation}': {said}")
        return reply

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_unix_connection(
            self._init_socket, limit=_LINE_LIMIT_BYTES
        )
        try:
            writer.write(request)
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()


def _component(said: dict[str, Any]) -> ComponentStatus:
    return ComponentStatus(
        key=str(said.get("key", "")),
        name=str(said.get("name", "")),
        state=str(said.get("state", "")),
        pid=said.get("pid") or None,
        restarts=said.get("restarts"),
        memory_bytes=said.get("memory_bytes"),
        cpu_s=said.get("cpu_s"),
        last_end=said.get("last_end") or None,
        memory_limit_bytes=said.get("memory_limit_bytes"),
    )
