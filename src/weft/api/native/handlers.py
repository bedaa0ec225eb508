"""Handlers: values of elements and components, read and written live."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from weft.api.answers import Name, NoContent
from weft.api.context import Use
from weft.api.models import HandlerValue, ValueBody
from weft.api.more_models import CallBody, CallResult, HandlerModel
from weft.api.problems import RequestError, refusals
from weft.api.route import router
from weft.api.uploads import text_of, text_or

__all__ = ["routes"]

routes = router("handlers")

BYTES = "application/octet-stream"
Handler = Annotated[
    str,
    Path(
        description="ELEMENT.HANDLER, or a global handler such as `list`.",
        examples=["counter.count"],
        max_length=1000,
    ),
]
_WRITTEN = text_or(ValueBody, "100")
_CALLED = text_or(CallBody, "10")


@routes.get(
    "/functions/{name}/handlers",
    response_model=list[HandlerModel],  # type: ignore[valid-type]
    responses=refusals(403, 404, 409),
)
async def list_handlers(
    name: Name,
    context: Use,
    element: Annotated[
        str, Query(description="Only those of this element or component.", max_length=1000)
    ] = "",
) -> Any:
    """List the values and commands that elements and components declare."""
    return [asdict(handler) for handler in await context.client.handlers(name, element)]


@routes.get(
    "/functions/{name}/handlers/{handler:path}",
    response_model=HandlerValue,
    responses={
        **refusals(403, 404, 409),
        200: {
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}, "example": "42"}}
        },
    },
)
async def read_handler(
    name: Name,
    handler: Handler,
    request: Request,
    context: Use,
    parameters: Annotated[
        str, Query(description="What to ask the handler.", max_length=65536)
    ] = "",
) -> Any:
    """Read a handler: as JSON, or where that is accepted its bytes as they are."""
    _plain(handler)
    value = await context.client.read(name, handler, parameters)
    if BYTES in request.headers.get("accept", ""):
        return Response(value, media_type=BYTES)
    return {"handler": handler, "value": value.decode(errors="replace")}


@routes.put(
    "/functions/{name}/handlers/{handler:path}",
    status_code=204,
    response_class=Response,
    openapi_extra=_WRITTEN,
    responses=refusals(403, 404, 409, 415),
)
async def write_handler(name: Name, handler: Handler, request: Request, context: Use) -> Response:
    """Write a handler: the value in JSON, or as plain text."""
    _plain(handler)
    value = await text_of(request, ValueBody, "value")
    await context.client.write(name, handler, value)
    return NoContent()


@routes.post(
    "/functions/{name}/handlers/{handler:path}",
    response_model=CallResult,
    openapi_extra=_CALLED,
    responses={
        **refusals(403, 404, 409, 415),
        200: {
            "content": {BYTES: {"schema": {"type": "string", "format": "binary"}, "example": "42"}}
        },
    },
)
async def call_command(name: Name, handler: Handler, request: Request, context: Use) -> Any:
    """Call a command: its argument in JSON or as plain text, its result in JSON or as it is."""
    _plain(handler)
    argument = await text_of(request, CallBody, "argument")
    result = await context.client.call(name, handler, argument)
    if BYTES in request.headers.get("accept", ""):
        return Response(result, media_type=BYTES)
    return {"handler": handler, "result": result.decode(errors="replace")}


def _plain(handler: str) -> None:
    """Blanks and controls would be another command on the control socket."""
    if not handler.isprintable() or " " in handler:
        raise RequestError(422, "a handler's name has neither blanks nor control characters")
