"""Answers that come bit by bit: they end when the server does, and when whoever asked leaves."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from starlette.responses import Response, StreamingResponse

from weft.api.problems import problem_of
from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.api.context import Context

__all__ = ["NDJSON", "json_line", "stream", "with_problem"]

NDJSON = "application/x-ndjson"
_AT_ONCE_S = 0.5


def json_line(data: Any) -> bytes:
    """One line of a stream of JSON."""
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


async def stream(
    context: Context, pieces: AsyncGenerator[bytes, None], media_type: str
) -> Response:
    """The pieces as an answer. What goes wrong at once is told as any other error is."""
    first = asyncio.ensure_future(anext(pieces, None))
    try:
        await asyncio.wait([first], timeout=_AT_ONCE_S)
        if first.done():
            first.result()
    except BaseException:
        await _abandon(first)
        await pieces.aclose()
        raise
    return StreamingResponse(
        _until_the_end(context, first, pieces),
        media_type=media_type,
        headers={"Cache-Control": "no-store"},
    )


async def _until_the_end(
    context: Context, piece: asyncio.Future[bytes | None], pieces: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    ending: asyncio.Future[Any] = asyncio.create_task(context.stopping.wait())
    async with aclosing(pieces):
        try:
            while not ending.done():
                await asyncio.wait([piece, ending], return_when=asyncio.FIRST_COMPLETED)
                if not piece.done() or (data := piece.result()) is None:
                    return
                yield data
                piece = asyncio.ensure_future(anext(pieces, None))
        finally:
            ending.cancel()
            await _abandon(piece)


async def _abandon(piece: asyncio.Future[bytes | None]) -> None:
    piece.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await piece


async def with_problem(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """Lines of JSON; an error after the first of them is the last line, under `problem`."""
    started = False
    try:
        async for piece in pieces:
            started = True
            yield piece
    except WeftError as error:
        if not started:
            raise
        yield json_line({"problem": problem_of(error)})
    finally:
        await pieces.aclose()
