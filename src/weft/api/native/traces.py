"""Packets followed through a function."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

from fastapi import Body
from starlette.responses import Response

from weft.api.answers import Name
from weft.api.context import Use
from weft.api.models import TraceBody
from weft.api.problems import refusals
from weft.api.route import router
from weft.api.streams import NDJSON, json_line, stream, with_problem
from weft.model.trace import TraceRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from weft.api.context import Context

__all__ = ["routes"]

routes = router("trace")


@routes.post(
    "/functions/{name}/trace",
    response_class=Response,
    responses={
        **refusals(403, 404, 409, 415),
        200: {
            "description": "Looks at the trace, a line of JSON each; the last is that of its end.",
            "content": {
                NDJSON: {
                    "schema": {"type": "string"},
                    "example": '{"id":"f0","state":"running","seen":0,"chosen":0,"hops":[]}\n',
                }
            },
        },
    },
)
async def trace_packets(name: Name, context: Use, body: Annotated[TraceBody, Body()]) -> Response:
    """Follow packets through a function, with their bytes before and after each element.

    The trace ends when all its packets have gone their way, or when whoever asked leaves.
    """
    request = TraceRequest(**body.model_dump())
    return await stream(context, with_problem(_looks(context, name, request)), NDJSON)


async def _looks(context: Context, name: str, request: TraceRequest) -> AsyncGenerator[bytes, None]:
    async with aclosing(context.client.trace(name, request)) as looks:
        async for look in looks:
            yield json_line(look)
