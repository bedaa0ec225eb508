"""Packages that come as the body of a request, and JSON beside them."""

from __future__ import annotations

import contextlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from weft.api.answers import TEXT
from weft.api.problems import RequestError
from weft.errors import PackageError, WeftError
from weft.manager.stored_packages import refuse_unrunnable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from weft.client import Client

__all__ = [
    "MULTIPART",
    "Upload",
    "body_of",
    "kept_package",
    "request_body",
    "saved",
    "text_of",
    "text_or",
]

MULTIPART = "multipart/form-data"
_Model = TypeVar("_Model", bound=BaseModel)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@ -]{0,199}", re.ASCII)
_PARAMETER = re.compile(r';\s*(\w+)="((?:[^"\\]|\\.)*)"')
_MOST_PARTS = 4
_ZIP = b"PK\x03\x04"
_ARCHIVES = (".zip", ".csar")


@dataclass(frozen=True)
class Upload:
    """A file that was sent, and what it is called in messages."""

    name: str
    content: bytes


def request_body(
    model: type[BaseModel], *, also: tuple[str, ...] = (), required: bool = True
) -> dict[str, Any]:
    """How a body is described: JSON, or with an upload beside it."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if MULTIPART in also:
        content[MULTIPART] = {
            "schema": {
                "type": "object",
                "required": ["package"],
                "properties": {
                    "package": {
                        "type": "string",
                        "contentMediaType": "application/zip",
                        "description": "The package as a zip or CSAR, or a Click file.",
                    },
                    "request": {**schema, "description": "What else is asked for, as JSON."},
                },
            },
            "encoding": {"package": {"contentType": "application/zip"}},
        }
    return {"requestBody": {"required": required, "content": content}}


def text_or(model: type[BaseModel], example: str) -> dict[str, Any]:
    """How a body is described that is a text itself, or has it in JSON; see `text_of`."""
    described = request_body(model)
    content = described["requestBody"]["content"]
    content[TEXT] = {"schema": {"type": "string"}, "example": example}
    return described


async def text_of(request: Request, model: type[BaseModel], field: str) -> str:
    """A text that is the body itself, or a field of it."""
    if request.headers.get("content-type", "").lower().startswith(TEXT):
        return (await request.body()).decode("utf-8", errors="surrogateescape")
    body, _ = await body_of(request, model)
    return str(getattr(body, field))


async def body_of(request: Request, model: type[_Model]) -> tuple[_Model, Upload | None]:
    """What is asked for, and the upload that came with it."""
    content = await request.body()
    media_type = request.headers.get("content-type", "")
    if not media_type.lower().startswith(MULTIPART):
        return _parse(model, content), None
    parts = _parts(content, media_type)
    if "package" not in parts:
        raise RequestError(422, "the part 'package' is missing; it is the package as a zip")
    asked = parts.get("request")
    return _parse(model, asked.content if asked else b"{}"), parts["package"]


def _parse(model: type[_Model], content: bytes) -> _Model:
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        problems = [
            {"location": _location(item["loc"]), "message": item["msg"]} for item in error.errors()
        ][:100]
        told = "; ".join(f"{item['location']}: {item['message']}" for item in problems[:3])
        raise RequestError(422, told, problems=problems) from None


def _location(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in ("body", *parts))


def _parts(content: bytes, media_type: str) -> dict[str, Upload]:
    """The parts of a multipart body (RFC 7578)."""
    found = re.search(r'boundary=(?:"([^"]{1,70})"|([^\s;,]{1,70}))', media_type)
    if found is None:
        raise RequestError(422, "the body's Content-Type has no boundary")
    boundary = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
    pieces = (b"\r\n" + content).split(boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise RequestError(422, "the body is cut off: its last boundary is missing")
    if len(pieces) - 2 > _MOST_PARTS:
        raise RequestError(422, f"the body has too many parts; allowed: {_MOST_PARTS}")
    parts: dict[str, Upload] = {}
    for piece in pieces[1:-1]:
        head, gap, data = piece.partition(b"\r\n\r\n")
        words = dict(_PARAMETER.findall(_disposition(head)))
        name = words.get("name", "")
        if not gap or name not in ("package", "request") or name in parts:
            raise RequestError(422, "a part is not understood; allowed: 'package' and 'request'")
        parts[name] = Upload(Path(words.get("filename", "")).name or name, data)
    return parts


def _disposition(head: bytes) -> str:
    for line in head.decode("utf-8", errors="replace").split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            return line
    return ""


async def kept_package(client: Client, reference: str) -> Upload:
    """A package of the store, as if it had been sent; a path means nothing to who is elsewhere."""
    if "/" in reference:
        why = (
            f"'{reference}' is a path; a package is named as the store knows it, or sent as a part"
        )
        raise RequestError(422, why)
    refuse_unrunnable(await client.package(reference))
    with await client.package_content(reference) as archive:
        return Upload(f"{reference}.csar", archive.read())


@contextlib.contextmanager
def saved(upload: Upload) -> Iterator[str]:
    """The path of an upload while it is worked with; messages name it as whoever sent it does."""
    name = upload.name if _NAME.fullmatch(upload.name) else "package"
    if upload.content.startswith(_ZIP) and Path(name).suffix not in _ARCHIVES:
        name = f"{name}.zip"
    with tempfile.TemporaryDirectory(prefix="weft-") as folder:
        path = Path(folder) / name
        path.write_bytes(upload.content)
        try:
            yield str(path)
        except PackageError as error:
            raise PackageError(name, error.problems) from None
        except WeftError as error:
            error.message = error.message.replace(str(path), name)
            raise
