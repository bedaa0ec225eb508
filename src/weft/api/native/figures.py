"""What is counted of a function just now, and whether its parts answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from weft.api.answers import TEXT, Name
from weft.api.context import Use
from weft.api.look_models import LookModel
from weft.api.more_models import CheckModel
from weft.api.problems import refusals
from weft.api.route import Route, router

__all__ = ["metrics", "routes"]

routes = router("figures")
metrics = APIRouter(tags=["figures"], route_class=Route)

_EXAMPLE = '# TYPE weft_function_up gauge\nweft_function_up{function="fw"} 1.0\n'


@routes.get("/functions/{name}/look", response_model=LookModel, responses=refusals(403, 404, 409))
async def look_at_function(
    name: Name,
    context: Use,
    values: Annotated[
        bool, Query(description="Also read the numbers that components declare.")
    ] = False,
    byte_lease_s: Annotated[
        float,
        Query(description="How long bytes of elements are counted from now on.", ge=0, le=86400),
    ] = 0.0,
) -> Any:
    """Look at the counts of a function and its components; two looks make rates.

    Bytes of elements are counted only while somebody looks: ask for them with each look.
    """
    facts, _ = await context.client.function(name)
    return asdict(await context.client.look(facts, values=values, byte_lease_s=byte_lease_s))


@routes.get("/functions/{name}/check", response_model=CheckModel, responses=refusals(403, 404, 409))
async def check_function(
    name: Name,
    context: Use,
    timeout_s: Annotated[
        float, Query(description="How long a part may take to answer.", gt=0, le=60)
    ] = 2.0,
) -> Any:
    """Tell whether the parts of a function answer; all are asked at once."""
    return asdict(await context.client.check(name, timeout_s))


@metrics.get(
    "/metrics",
    response_class=Response,
    responses={
        **refusals(404),
        200: {
            "description": "The text format of Prometheus.",
            "content": {TEXT: {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
    },
)
async def read_metrics(
    context: Use,
    function: Annotated[
        str | None, Query(description="Only functions of this name or glob.", max_length=255)
    ] = None,
) -> Response:
    """Read what is measured of all functions or some, as Prometheus takes it."""
    text = await context.client.metrics(function)
    return Response(text, media_type=f"{TEXT}; version=0.0.4; charset=utf-8")
