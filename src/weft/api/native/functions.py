"""Functions: listed, deployed, looked at, turned off."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from weft.api.answers import Name, NoContent, function_data, location_of
from weft.api.context import Use
from weft.api.models import Function, FunctionBody
from weft.api.problems import RequestError, refusals
from weft.api.progress import Done, perform
from weft.api.route import router
from weft.api.uploads import MULTIPART, body_of, kept_package, request_body, saved
from weft.api.watching import ServingClient
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from weft.api.context import Context
    from weft.model.function import FunctionRequest

__all__ = ["routes"]

routes = router("functions")


@routes.get(
    "/functions",
    response_model=list[Function],  # type: ignore[valid-type]
    responses={
        **refusals(404),
        200: {
            "headers": {
                "Link": {"description": "The next page.", "schema": {"type": "string"}},
            },
        },
    },
)
async def list_functions(
    context: Use,
    response: Response,
    selector: Annotated[
        str | None,
        Query(description="Only the function of this name, or those a glob means.", max_length=255),
    ] = None,
    limit: Annotated[int, Query(description="So many at most.", ge=1, le=1000)] = 100,
    after: Annotated[
        str | None, Query(description="Those after this UUID; see `Link`.", max_length=64)
    ] = None,
) -> Any:
    """List the functions.

    They are in the order of their UUIDs. Where there are more than `limit`, the header `Link` leads to
    the next ones. A function whose processes have ended without being asked to is told once, in state
    `gone`.
    """
    client = context.client
    found = {str(facts.uuid): (facts, status) for facts, status in await client.functions()}
    if selector is not None:
        chosen = {str(facts.uuid) for facts in await client.selected(selector)}
        found = {uuid: pair for uuid, pair in found.items() if uuid in chosen}
    elif isinstance(client, ServingClient):
        found = {uuid: pair for uuid, pair in found.items() if not _is_gone(pair[1])}
        found |= {str(facts.uuid): (facts, status) for facts, status in client.take_gone()}
    uuids = [uuid for uuid in sorted(found) if after is None or uuid > after]
    page = uuids[:limit]
    if len(uuids) > limit:
        further = {"limit": limit, "after": page[-1]}
        if selector is not None:
            further["selector"] = selector
        response.headers["Link"] = f'</v1/functions?{urlencode(further)}>; rel="next"'
    return [function_data(*found[uuid]) for uuid in page]


def _is_gone(status: Any) -> bool:
    return bool(status.state is FunctionState.GONE)


@routes.post(
    "/functions",
    response_model=Function,
    status_code=201,
    openapi_extra=request_body(FunctionBody, also=(MULTIPART,)),
    responses={
        **refusals(403, 404, 409, 413, 415, 503),
        201: {
            "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}},
        },
    },
)
async def deploy_function(request: Request, context: Use) -> Response:
    """Deploy a function.

    The package is named in the JSON, or sent beside it: `multipart/form-data` with the parts `package`
    (a zip, a CSAR or a Click file) and `request` (the JSON). It is checked whole before anything is made,
    and on any error nothing is left. Who accepts `application/x-ndjson` gets lines with `progress`, and
    in the last one `result` or `problem`; leaving earlier calls the deployment off.
    """
    body, upload = await body_of(request, FunctionBody)
    if (upload is None) == (body.package is None):
        raise RequestError(422, "name a package in 'package', or send one as a part, and not both")

    async def work() -> Done:
        package = upload or await kept_package(context.client, str(body.package))
        with ExitStack() as kept:
            asked = _prepare(context, body, kept.enter_context(saved(package)))
            facts = await context.client.run(asked)
        _, status = await context.client.function(str(facts.uuid))
        data = function_data(facts, status)
        return Done(data, 201, {"Location": location_of(facts.name)})

    return await perform(request, context, work)


def _prepare(context: Context, body: FunctionBody, path: str) -> FunctionRequest:
    from dataclasses import replace

    asked = context.client.prepare(
        path,
        body.name,
        [f"{name}={target}" for name, target in body.interfaces.items()],
        body.values,
        [f"{name}={driver}" for name, driver in body.drivers.items()],
        active=body.active,
        from_outside=False,
    )
    return replace(asked, uuid=body.uuid) if body.uuid else asked


@routes.get("/functions/{name}", response_model=Function, responses=refusals(404))
async def show_function(name: Name, context: Use) -> Any:
    """Show one function, with its status just now."""
    return function_data(*await context.client.function(name))


@routes.delete(
    "/functions/{name}", status_code=204, response_class=Response, responses=refusals(403, 404, 409)
)
async def remove_function(name: Name, context: Use) -> Response:
    """Turn a function off: nothing of it is left."""
    await context.client.remove(name)
    return NoContent()
