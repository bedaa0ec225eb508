"""Changes of running functions: other components, another path, another package."""

from __future__ import annotations

import base64
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import Response

from weft.api.answers import Name
from weft.api.context import Use
from weft.api.look_models import Plan
from weft.api.models import ChangeBody
from weft.api.problems import RequestError, refusals
from weft.api.progress import Done, perform
from weft.api.route import router
from weft.api.uploads import MULTIPART, body_of, kept_package, request_body, saved
from weft.model.change import Addition, Edit, Replacement
from weft.model.package import PackageFile

if TYPE_CHECKING:
    from weft.api.models import FileBody

__all__ = ["file_of", "routes"]

routes = router("changes")


@routes.post(
    "/functions/{name}/reconfigure",
    response_model=Plan,
    openapi_extra=request_body(ChangeBody, also=(MULTIPART,)),
    responses=refusals(403, 404, 409, 413, 415, 503),
)
async def reconfigure_function(name: Name, request: Request, context: Use) -> Response:
    """Change the components or the path of a running function.

    Either to a new version of its whole package, named or sent as for a deployment, or by single
    changes; all are made at once. No packet is lost or overtaken, and on any error all is as before.
    The answer is the plan that was carried out. Progress is told as for a deployment.
    """
    body, upload = await body_of(request, ChangeBody)
    edit = Edit(
        body.path,
        tuple(Addition(one.name, one.framework, file_of(one.file)) for one in body.added),
        tuple(body.removed),
        tuple(Replacement(one.name, file_of(one.file), one.framework) for one in body.replaced),
    )
    if upload is not None and body.package is not None:
        raise RequestError(422, "name a package in 'package', or send one as a part, and not both")
    if upload is None and body.package is None and not edit:
        raise RequestError(
            422, "nothing to change; allowed: package, path, added, removed, replaced"
        )

    async def work() -> Done:
        facts, _ = await context.client.function(name)
        sent = upload
        if body.package is not None:
            sent = await kept_package(context.client, body.package)
        with ExitStack() as kept:
            package = kept.enter_context(saved(sent)) if sent else None
            plan = await context.client.reconfigure(
                facts, package, edit, body.values, dry_run=body.dry_run, cause=body.cause
            )
        return Done(asdict(plan))

    return await perform(request, context, work)


def file_of(body: FileBody) -> PackageFile:
    """A file that came in base64."""
    try:
        return PackageFile(body.name, base64.b64decode(body.content, validate=True))
    except ValueError:  # binascii's error is one, too
        raise RequestError(422, f"the content of '{body.name}' is not base64") from None
