"""Revisions: what a function was made of after each change, and the way back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query, Request
from starlette.responses import Response

from weft.api.answers import Name
from weft.api.context import Use
from weft.api.look_models import Plan, RevisionModel
from weft.api.problems import refusals
from weft.api.progress import Done, perform
from weft.api.route import router

__all__ = ["routes"]

routes = router("revisions")

DryRun = Annotated[bool, Query(description="Only tell what would be done.")]


@routes.get(
    "/functions/{name}/revisions",
    response_model=list[RevisionModel],  # type: ignore[valid-type]
    responses=refusals(403, 404, 409),
)
async def list_revisions(name: Name, context: Use) -> Any:
    """List what a function was made of after its deployment and after each change."""
    return [asdict(revision) for revision in await context.client.revisions(name)]


@routes.post(
    "/functions/{name}/revisions/{number}/restore",
    response_model=Plan,
    responses=refusals(403, 404, 409, 503),
)
async def restore_revision(
    name: Name,
    number: Annotated[int, Path(description="The revision.", examples=[1], ge=1, le=2**31)],
    request: Request,
    context: Use,
    dry_run: DryRun = False,
) -> Response:
    """Make a function what it was at a revision; that is a change like any other."""

    async def work() -> Done:
        return Done(asdict(await context.client.restore(name, number, dry_run=dry_run)))

    return await perform(request, context, work)


@routes.post("/functions/{name}/undo", response_model=Plan, responses=refusals(403, 404, 409, 503))
async def undo_change(
    name: Name, request: Request, context: Use, dry_run: DryRun = False
) -> Response:
    """Make a function what it was before its last change."""

    async def work() -> Done:
        return Done(asdict(await context.client.restore(name, dry_run=dry_run)))

    return await perform(request, context, work)
