"""A packet trace of a running graph, over its ControlSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from weft.errors import FunctionError, HandlerError, NotRunningError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.model.trace import TraceRequest
    from weft.vnf.control import ControlSocket

__all__ = ["follow", "options_text"]

_INTERVAL_S = 0.1
# ControlSocket: the handler said no.


def options_text(request: TraceRequest, identity: str) -> str:
    """The keyword arguments of the engine's handler `trace`."""
    texts = {"FILTER": request.expression, "BYTES": request.pattern, "AT": request.at}
    words = [f"{name} {_quoted(text)}" for name, text in texts.items() if text is not None]
    numbers = {
        "EVERY": request.every,
        "COUNT": request.count,
        "BYTES_PER_HOP": request.bytes_per_hop,
    }
    words += [f"{name} {number}" for name, number in numbers.items()]
    return ", ".join([f"ID {identity}", *words])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


async def follow(
    control: ControlSocket, request: TraceRequest
) -> AsyncGenerator[dict[str, Any], None]:
    """Run a trace: what the engine tells of it, with the hops that have changed since the last time.

    The last look is that of the trace's end. Leaving earlier ends the trace; an engine whose reader has
    vanished ends it by itself.
    """
    identity = os.urandom(8).hex()
    try:
        await control.write("trace", options_text(request, identity))
    except HandlerError as error:
        if error.code != HandlerError.FAILED:
            raise
        _, _, reason = error.message.partition("\n")
        raise FunctionError(f"no trace: {reason or error.message}") from None
    revision = 0
    try:
        while True:
            look: dict[str, Any] = json.loads(await control.read("trace", str(revision)))
            if look.get("id") != identity:
                raise FunctionError("the trace is gone: another graph or another trace is there")
            revision = look["revision"]
            yield look
            if look["state"] != "running":
                return
            await asyncio.sleep(_INTERVAL_S)
    finally:
        # Where another trace runs, or no engine any more, ours has ended.
        with contextlib.suppress(HandlerError, NotRunningError):
            await control.write("trace_stop", identity)
