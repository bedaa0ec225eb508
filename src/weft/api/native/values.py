"""Parameters of a function, set while it runs or before."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from fastapi import Body, Request
from starlette.responses import JSONResponse, Response

from weft.api.answers import IfMatch, Name, check_match, etag_header, etag_of
from weft.api.context import Use
from weft.api.look_models import Plan
from weft.api.models import Values, ValuesBody
from weft.api.native.changes import file_of
from weft.api.problems import refusals
from weft.api.progress import Done, perform
from weft.api.route import router

__all__ = ["routes"]

routes = router("values")


@routes.get(
    "/functions/{name}/values",
    response_model=Values,
    responses={**refusals(404), 200: etag_header()},
)
async def show_values(name: Name, context: Use) -> Response:
    """Show the value of each parameter of a function, and which need one before it can start."""
    facts, _ = await context.client.function(name)
    shown = {"values": facts.values, "missing": facts.missing}
    return JSONResponse(shown, headers={"ETag": _etag(facts.values)})


@routes.put(
    "/functions/{name}/values",
    response_model=Plan,
    responses=refusals(403, 404, 409, 412, 415, 503),
)
async def configure_function(
    name: Name,
    request: Request,
    context: Use,
    body: Annotated[ValuesBody, Body()],
    if_match: IfMatch = None,
) -> Response:
    """Set parameters of a function, running or not: all of them, or none.

    Parameters that are not named keep their values. The answer is the plan that was carried out.
    """
    facts, _ = await context.client.function(name)
    check_match(if_match, _etag(facts.values), "the values are")
    given = tuple(file_of(one) for one in body.files)

    async def work() -> Done:
        plan = await context.client.configure(facts, body.values, given, dry_run=body.dry_run)
        return Done(asdict(plan))

    return await perform(request, context, work)


def _etag(values: dict[str, str]) -> str:
    return etag_of(json.dumps(values, sort_keys=True))
