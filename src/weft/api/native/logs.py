"""What a function's processes have said."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from starlette.responses import JSONResponse, Response

from weft.api.answers import TEXT, Name
from weft.api.context import Use
from weft.api.models import LogLineModel
from weft.api.problems import refusals
from weft.api.route import router
from weft.api.streams import NDJSON, json_line, stream, with_problem
from weft.model.log import LogRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.model.log import LogLine

__all__ = ["routes"]

routes = router("log")

_LINE = '{"at_s":1767225600.25,"source":"engine","level":null,"text":"started"}\n'


@routes.get(
    "/functions/{name}/log",
    response_model=list[LogLineModel],  # type: ignore[valid-type]
    responses={
        **refusals(403, 404, 409),
        200: {
            "content": {
                TEXT: {"schema": {"type": "string"}, "example": "engine: started\n"},
                NDJSON: {"schema": {"type": "string"}, "example": _LINE},
            }
        },
    },
)
async def read_log(
    name: Name,
    request: Request,
    context: Use,
    lines: Annotated[
        int | None, Query(description="Only so many of the last lines.", ge=0, le=2**31)
    ] = None,
    follow: Annotated[
        bool, Query(description="Go on with what comes, until the function ends.")
    ] = False,
    since: Annotated[
        float | None, Query(description="Only lines since then, in seconds since 1970.")
    ] = None,
    sources: Annotated[
        str | None,
        Query(description="Only lines of these sources, with commas between.", max_length=4096),
    ] = None,
) -> Response:
    """Read the log of a function: as JSON, as a line of JSON each, or as plain text.

    What is followed comes as lines of JSON where plain text is not accepted.
    """
    wanted = tuple(sources.split(",")) if sources else ()
    said = context.client.log(name, LogRequest(lines, follow, since, wanted))
    accepted = request.headers.get("accept", "")
    if TEXT in accepted:
        return await stream(context, _as_text(said), f"{TEXT}; charset=utf-8")
    if follow or NDJSON in accepted:
        return await stream(context, with_problem(_as_lines(said)), NDJSON)
    async with aclosing(said):
        return JSONResponse([asdict(line) async for line in said])


async def _as_text(said: AsyncGenerator[LogLine, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(said):
        async for line in said:
            yield f"{line.source}: {line.text}\n".encode(errors="replace")


async def _as_lines(said: AsyncGenerator[LogLine, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(said):
        async for line in said:
            yield json_line(asdict(line))
