"""What a function is written as: its graph, its path, the sources of its components."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Body, Path, Query, Request
from starlette.responses import JSONResponse, Response

from weft.api.answers import (
    TEXT,
    IfMatch,
    Name,
    check_match,
    etag_header,
    etag_of,
    text_answer,
)
from weft.api.context import Use
from weft.api.look_models import FunctionTextModel, Plan
from weft.api.models import GraphText, PathBody, TextBody
from weft.api.problems import RequestError, refusals
from weft.api.progress import Done, perform
from weft.api.route import router
from weft.api.uploads import text_of, text_or
from weft.model.change import Edit, Replacement
from weft.model.package import PackageFile

if TYPE_CHECKING:
    from weft.api.context import Context
    from weft.model.revision import ComponentText, FunctionText

__all__ = ["routes"]

routes = router("texts")

DryRun = Annotated[bool, Query(description="Only tell what would be done.")]
_WRITTEN = text_or(TextBody, "FromDevice(in) -> ToDevice(out);\n")


@routes.get(
    "/functions/{name}/graph",
    response_model=GraphText,
    responses={
        **refusals(404, 409),
        200: {**etag_header(), "content": {TEXT: {"example": "FromDevice(in) -> ToDevice(out);"}}},
    },
)
async def show_graph(name: Name, request: Request, context: Use) -> Response:
    """Show the graph that runs in a function, as JSON or, where that is accepted, as plain text."""
    text = await context.client.graph(name)
    if TEXT in request.headers.get("accept", ""):
        return text_answer(text, etag_of(text))
    shown = text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="replace")
    return JSONResponse({"graph": shown}, headers={"ETag": etag_of(text)})


@routes.put(
    "/functions/{name}/graph",
    response_model=Plan,
    openapi_extra=_WRITTEN,
    responses=refusals(403, 404, 409, 412, 415, 503),
)
async def replace_graph(
    name: Name, request: Request, context: Use, if_match: IfMatch = None, dry_run: DryRun = False
) -> Response:
    """Replace the Click text of a function that is one Click component.

    The text is checked whole, and swapped in without losing a packet. The graph of another function
    follows from its path and its components; those are what can be changed there.
    """
    after = await text_of(request, TextBody, "text")
    if if_match is not None:
        check_match(if_match, etag_of(await context.client.graph(name)), "the graph is")
    text = await context.client.text(name)
    if text.path is not None or len(text.components) != 1 or text.components[0].text is None:
        raise RequestError(
            409,
            f"the graph of '{name}' follows from its path and components",
            hint=f"change /v1/functions/{name}/path or /v1/functions/{name}/components/...",
        )
    return await _changed(request, context, name, _replacing(text.components[0], after), dry_run)


@routes.get(
    "/functions/{name}/text", response_model=FunctionTextModel, responses=refusals(403, 404, 409)
)
async def show_text(name: Name, context: Use) -> Any:
    """Show what a function is written as: its path, its components, its parameters."""
    return asdict(await context.client.text(name))


@routes.get(
    "/functions/{name}/path",
    response_model=PathBody,
    responses={**refusals(403, 404, 409), 200: etag_header()},
)
async def show_path(name: Name, context: Use) -> Response:
    """Show the path that packets take through a function."""
    path = _path_of(name, await context.client.text(name))
    return JSONResponse({"path": path}, headers={"ETag": etag_of(path)})


@routes.put(
    "/functions/{name}/path",
    response_model=Plan,
    responses=refusals(403, 404, 409, 412, 415, 503),
)
async def replace_path(
    name: Name,
    request: Request,
    context: Use,
    body: Annotated[PathBody, Body()],
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Response:
    """Change the path that packets take through a running function, without losing one."""
    if if_match is not None:
        path = _path_of(name, await context.client.text(name))
        check_match(if_match, etag_of(path), "the path is")
    return await _changed(request, context, name, Edit(path=body.path), dry_run)


@routes.put(
    "/functions/{name}/components/{component}",
    response_model=Plan,
    openapi_extra=_WRITTEN,
    responses=refusals(403, 404, 409, 412, 415, 503),
)
async def replace_component(
    name: Name,
    component: Annotated[
        str, Path(description="Its name in the package.", examples=["filter"], max_length=255)
    ],
    request: Request,
    context: Use,
    if_match: IfMatch = None,
    dry_run: DryRun = False,
) -> Response:
    """Replace the source of a component of a running function."""
    after = await text_of(request, TextBody, "text")
    components = (await context.client.text(name)).components
    former = next((one for one in components if one.name == component), None)
    if former is None:
        names = ", ".join(one.name for one in components) or "none"
        raise RequestError(404, f"no component '{component}'; allowed: {names}")
    check_match(if_match, etag_of(former.text or ""), "the text is")
    return await _changed(request, context, name, _replacing(former, after), dry_run)


def _path_of(name: str, text: FunctionText) -> str:
    if text.path is None:
        raise RequestError(
            404, f"'{name}' has no path", hint=f"/v1/functions/{name}/graph is its Click text"
        )
    return text.path


def _replacing(component: ComponentText, text: str) -> Edit:
    name = PurePosixPath(component.file).name or f"{component.name}.click"
    content = text.encode("utf-8", errors="surrogateescape")
    return Edit(replaced=(Replacement(component.name, PackageFile(name, content)),))


async def _changed(
    request: Request, context: Context, name: str, edit: Edit, dry_run: bool
) -> Response:
    facts, _ = await context.client.function(name)

    async def work() -> Done:
        plan = await context.client.reconfigure(
            facts, None, edit, {}, dry_run=dry_run, cause="edit"
        )
        return Done(asdict(plan))

    return await perform(request, context, work)
