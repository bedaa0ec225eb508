"""The OpenAPI description: complete, errors and examples included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi

from weft.api.models import ChangeBody, FunctionBody, ProblemDetails, TextBody, ValueBody
from weft.api.more_models import CallBody
from weft.api.problems import MEDIA_TYPE
from weft.api.repeats import KEY_HEADER

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["describe"]

_DESCRIPTION = """\
Everything that `weft` does, over HTTP. Errors are problem details (RFC 9457): `detail` says what, where,
and what is allowed; `hint` says what to do about it.

A request that changes something may carry an `Idempotency-Key`: sent again with the same key it is not
done twice, and gets the same answer. Query parameters that are not known are refused.
"""
_BODIES = (CallBody, FunctionBody, ChangeBody, TextBody, ValueBody, ProblemDetails)
_TEMPLATE = "#/components/schemas/{model}"
_KEY = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Names the operation: what was done under it is not done again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "0b7a3c0e-58ac-4a6b-9d0a-d9a4e6f0a7c1",
}


def describe(application: FastAPI) -> dict[str, Any]:
    """The description of an application's routes."""
    if application.openapi_schema is None:
        application.openapi_schema = _describe(application)
    return application.openapi_schema


def _describe(application: FastAPI) -> dict[str, Any]:
    told = get_openapi(
        title=application.title,
        version=application.version,
        summary=application.summary,
        description=_DESCRIPTION,
        routes=application.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "Where this description comes from."}],
    )
    schemas = told["components"]["schemas"]
    for model in _BODIES:
        schema = model.model_json_schema(ref_template=_TEMPLATE)
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    told["components"]["schemas"] = dict(sorted(schemas.items()))
    told["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "Listeners on the network ask for it; the unix socket does not.",
        }
    }
    told["security"] = [{}, {"token": []}]
    for methods in told["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return told


def _complete(method: str, operation: dict[str, Any]) -> None:
    if method != "get":
        operation.setdefault("parameters", []).append(_KEY)
    for status, response in operation["responses"].items():
        if int(status) >= 400:
            example = response.get("content", {}).get(MEDIA_TYPE, {}).get("example")
            schema = {"$ref": _TEMPLATE.format(model="ProblemDetails")}
            response["content"] = {MEDIA_TYPE: {"schema": schema, "example": example}}
