"""Long operations: what they tell meanwhile, and who may call them off."""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse, Response

from weft.api.problems import RequestError, problem_of
from weft.api.streams import NDJSON, json_line, stream
from weft.errors import WeftError
from weft.manager.operation import operating, operation_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from starlette.requests import Request

    from weft.api.context import Context

__all__ = ["Done", "perform", "say"]

_SAY: ContextVar[Callable[[str], None] | None] = ContextVar("say", default=None)


def say(line: str) -> None:
    """Tell whoever asked for the operation under way what takes long."""
    tell = _SAY.get()
    if tell is not None:
        tell(line)


@dataclass(frozen=True)
class Done:
    """How an operation ended well."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


async def perform(
    request: Request, context: Context, work: Callable[[], Awaitable[Done]]
) -> Response:
    """Do what is asked for. Who accepts ndjson is told of progress, and calls it off by leaving.

    For others it goes to its end whether they stay or not.
    """
    lines: asyncio.Queue[str] = asyncio.Queue()
    task = asyncio.create_task(_run(context, work, lines.put_nowait, operation_id()))
    context.operations.add(task)
    task.add_done_callback(context.operations.discard)
    if NDJSON in request.headers.get("accept", ""):
        return await stream(context, _told(task, lines, request), NDJSON)
    try:
        done = await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():  # the server is ending
            raise RequestError(503, "the server is ending; all was undone") from None
        raise
    return JSONResponse(jsonable_encoder(done.body), done.status, done.headers)


async def _run(
    context: Context,
    work: Callable[[], Awaitable[Done]],
    tell: Callable[[str], None],
    identity: str,
) -> Done:
    def told(line: str) -> None:
        loop.call_soon_threadsafe(tell, line)
        loop.call_soon_threadsafe(
            lambda: context.events.add("operation.progress", operation=identity, line=line)
        )

    loop = asyncio.get_running_loop()
    _SAY.set(told)
    with operating(identity):
        return await work()


async def _told(
    task: asyncio.Task[Done], lines: asyncio.Queue[str], request: Request
) -> AsyncGenerator[bytes, None]:
    try:
        while not task.done():
            line = asyncio.create_task(lines.get())
            await asyncio.wait([line, task], return_when=asyncio.FIRST_COMPLETED)
            if line.done():
                yield json_line({"progress": line.result()})
            line.cancel()
        while not lines.empty():
            yield json_line({"progress": lines.get_nowait()})
        yield json_line(_end(task, request))
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asyncio.shield(asyncio.gather(task, return_exceptions=True))


def _end(task: asyncio.Task[Done], request: Request) -> dict[str, Any]:
    if task.cancelled():
        ending = RequestError(503, "the server is ending; all was undone")
        return {"problem": problem_of(ending, request.url.path)}
    error = task.exception()
    if error is None:
        done = task.result()
        return {"result": jsonable_encoder(done.body)}
    if not isinstance(error, WeftError | RequestError):
        raise error
    return {"problem": problem_of(error, request.url.path)}
