"""Packages that the server keeps."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Body, Header, Path, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from weft.api.context import Use
from weft.api.more_models import PackageModel, PolicyBody, PolicyModel
from weft.api.native.changes import file_of
from weft.api.problems import refusals
from weft.api.progress import Done, perform
from weft.api.route import router
from weft.api.spools import ZIP, pieces_of, spooled

__all__ = ["routes"]

routes = router("packages")

_CONTENT = {"schema": {"type": "string", "format": "binary"}, "example": "PK..."}
Package = Annotated[
    str, Path(description="The name of the package.", examples=["nat"], max_length=255)
]
Version = Annotated[
    str,
    Path(
        description="A version, a specifier as in `~=1.2`, `sha256:HEX`, or `latest`.",
        examples=["1.2.0"],
        max_length=255,
    ),
]


def _reference(package: str, version: str) -> str:
    return package if version == "latest" else f"{package}@{version}"


@routes.get("/packages", response_model=list[PackageModel], responses=refusals())  # type: ignore[valid-type]
async def list_packages(context: Use) -> Any:
    """List the packages that are kept, and the ready functions."""
    return [asdict(facts) for facts in await context.client.packages()]


@routes.post(
    "/packages",
    response_model=PackageModel,
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {ZIP: _CONTENT}}},
    responses={
        **refusals(409, 413, 415, 503),
        201: {
            "headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
        },
    },
)
async def push_package(
    request: Request,
    context: Use,
    called: Annotated[
        str, Query(description="What messages call it.", max_length=4096)
    ] = "package",
) -> Response:
    """Keep a package: a zip of its folder, or a CSAR, signed or not. Every check is made first.

    A CSAR of another maker is kept as it is: `runs` says whether it can be run, `parts` why not.
    The same contents again are no error; other contents under the same version are.
    """
    archive = await spooled(request)

    async def work() -> Done:
        facts = await context.client.push_package(archive, called)
        there = f"/v1/packages/{quote(facts.name, safe='')}/{quote(facts.version, safe='')}"
        return Done(asdict(facts), 201, {"Location": there})

    return await perform(request, context, work)


@routes.get("/packages/{package}/{version}", response_model=PackageModel, responses=refusals(404))
async def show_package(package: Package, version: Version, context: Use) -> Any:
    """Show what is known about the newest package that is meant."""
    return asdict(await context.client.package(_reference(package, version)))


@routes.get(
    "/packages/{package}/{version}/content",
    response_class=Response,
    responses={
        **refusals(404, 416),
        200: {"description": "The archive, as it came.", "content": {ZIP: _CONTENT}},
        206: {"description": "The part that was asked for.", "content": {ZIP: _CONTENT}},
    },
)
async def read_package(
    package: Package,
    version: Version,
    context: Use,
    asked: Annotated[
        str | None, Header(alias="Range", description="A part: bytes=FIRST-LAST.", max_length=100)
    ] = None,
) -> Response:
    """Read the archive of a package, or a part of it (RFC 9110, section 14)."""
    archive = await context.client.package_content(_reference(package, version))
    size, headers = archive.seek(0, os.SEEK_END), {"Accept-Ranges": "bytes"}
    part = _part(asked, size)
    first, last = part or (0, size - 1)
    if first > last:
        archive.close()
        return _unsatisfiable(size)
    headers["Content-Length"] = str(last + 1 - first)
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return StreamingResponse(
        pieces_of(archive, first, last), 206 if part else 200, headers, media_type=ZIP
    )


def _part(asked: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that a range means; None for all, the first behind the last for none there are."""
    if asked is None or not asked.startswith("bytes=") or "," in asked:
        return None
    first, dash, last = asked.removeprefix("bytes=").strip().partition("-")
    with suppress(ValueError):
        if dash and first:
            return int(first), min(int(last) if last else size - 1, size - 1)
        if dash and last:
            return max(size - int(last), 0), size - 1
    return None


def _unsatisfiable(size: int) -> Response:
    from weft.api.problems import RequestError, respond

    problem = RequestError(
        416, f"the package has {size} bytes", headers={"Content-Range": f"bytes */{size}"}
    )
    return respond(problem)


@routes.delete(
    "/packages/{package}/{version}", response_model=PackageModel, responses=refusals(404)
)
async def remove_package(package: Package, version: Version, context: Use) -> Any:
    """Keep one version no longer. Functions that run it have copies of their own."""
    return asdict(await context.client.remove_package(_reference(package, version)))


@routes.get("/package-policy", response_model=PolicyModel, responses=refusals())
async def show_package_policy(context: Use) -> Any:
    """Show what is asked of packages that are kept."""
    return asdict(await context.client.package_policy())


@routes.put("/package-policy", response_model=PolicyModel, responses=refusals(415))
async def set_package_policy(context: Use, body: Annotated[PolicyBody, Body()]) -> Response:
    """Change what is asked of packages that are kept; what is not given stays as it is."""
    trust = tuple((one.name, one.content) for one in map(file_of, body.trust))
    policy = await context.client.set_package_policy(
        body.require_signature, trust, tuple(body.distrust)
    )
    return JSONResponse(asdict(policy))
