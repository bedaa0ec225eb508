"""Parameters that many routes have, and ways to answer."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import Header, Path
from starlette.responses import Response

from weft.api.problems import RequestError

if TYPE_CHECKING:
    from weft.model.function import FunctionFacts, FunctionStatus

__all__ = [
    "TEXT",
    "IfMatch",
    "Name",
    "NoContent",
    "check_match",
    "etag_header",
    "etag_of",
    "function_data",
    "location_of",
    "text_answer",
]

TEXT = "text/plain"

Name = Annotated[
    str, Path(description="The name of the function, or its UUID.", examples=["fw"], max_length=255)
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="Only if it still is what this ETag was given for.",
        max_length=1000,
    ),
]


def NoContent() -> Response:  # noqa: N802 - stands for a kind of answer
    """It is done, and there is nothing to say."""
    return Response(status_code=204)


def function_data(facts: FunctionFacts, status: FunctionStatus) -> dict[str, Any]:
    """A function as plain data."""
    return {**asdict(facts), "status": asdict(status)}


def location_of(name: str) -> str:
    """Where a function is."""
    return f"/v1/functions/{quote(name, safe='')}"


def etag_of(text: str) -> str:
    """A validator for a text."""
    data = text.encode("utf-8", errors="surrogateescape")
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def check_match(wanted: str | None, there: str, what: str) -> None:
    """Refuse to go on where a thing is no longer what `If-Match` says."""
    if wanted is None or wanted.strip() == "*":
        return
    if there not in [item.strip() for item in wanted.split(",")]:
        raise RequestError(412, f"{what} no longer what If-Match says; read again")


def etag_header() -> dict[str, Any]:
    """How an answer with a validator is described."""
    return {"headers": {"ETag": {"description": "Its validator.", "schema": {"type": "string"}}}}


def text_answer(text: str, etag: str | None = None) -> Response:
    """A text as it is."""
    return Response(
        text.encode("utf-8", errors="surrogateescape"),
        media_type=f"{TEXT}; charset=utf-8",
        headers={"ETag": etag} if etag else None,
    )
