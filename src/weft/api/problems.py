"""Problem details (RFC 9457): how every error is told, and with which status."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from weft import errors
from weft.api.models import ProblemDetails
from weft.client.problems import EXTRA, PROBLEM_TYPE, slug_of
from weft.errors import HandlerError, PackageError, WeftError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request

__all__ = ["MEDIA_TYPE", "STATUS", "RequestError", "install", "problem_of", "refusals", "respond"]

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[WeftError], int] = {
    errors.WeftError: 409,
    errors.UsageError: 422,
    errors.PrivilegeError: 403,
    errors.EngineError: 500,
    errors.PackageError: 422,
    errors.CovenError: 422,
    errors.NotRunnableError: 422,
    errors.PackageNotFoundError: 404,
    errors.PackageTakenError: 409,
    errors.BindingError: 422,
    errors.LinkError: 409,
    errors.FunctionError: 409,
    errors.FunctionNotFoundError: 404,
    errors.NameTakenError: 409,
    errors.StartError: 409,
    errors.ChangeError: 409,
    errors.NotRunningError: 409,
    errors.HandlerError: 422,
}
"""The status of every error, by its class."""

# ControlSocket's codes that have a status of their own.
_HANDLER_STATUS = {
    HandlerError.NO_ELEMENT: 404,
    HandlerError.NO_HANDLER: 404,
    HandlerError.NO_PERMISSION: 403,
}

_TITLES = {
    404: "There is no such thing",
    405: "The resource does not know this method",
    406: "No representation that is accepted",
    412: "The resource has changed",
    413: "The body is too large",
    416: "There is no such part",
    415: "The body's media type is not taken here",
    422: "The request cannot be meant so",
    401: "A token is missing or wrong",
    500: "The server has failed",
    503: "The server is ending",
}


class RequestError(Exception):
    """A problem of the request itself, which has no error of ours."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        hint: str | None = None,
        headers: Mapping[str, str] | None = None,
        problems: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        self.headers = headers
        self.problems = problems


def status_of(error: WeftError) -> int:
    """The status an error is told with."""
    if isinstance(error, HandlerError) and error.code in _HANDLER_STATUS:
        return _HANDLER_STATUS[error.code]
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: Exception, instance: str | None = None) -> dict[str, Any]:
    """What is told of an error; of one that is not ours only that it happened."""
    if isinstance(error, WeftError):
        problem = _base(status_of(error), error.message, error.hint, instance)
        kind = type(error)
        problem["type"] = PROBLEM_TYPE + slug_of(kind)
        problem["title"] = (kind.__doc__ or "").split("\n")[0].rstrip(".")
        problem |= {name: getattr(error, name) for name in EXTRA if hasattr(error, name)}
        if isinstance(error, PackageError):
            problem["problems"] = [
                {"file": item.file, "line": item.line, "message": item.message}
                for item in error.problems
            ]
        return problem
    if isinstance(error, RequestError):
        problem = _base(error.status, error.detail, error.hint, instance)
        return problem | ({"problems": list(error.problems)} if error.problems else {})
    why = f"internal error: {type(error).__name__}"
    return _base(500, why, "the server's log has more", instance)


def _base(status: int, detail: str, hint: str | None, instance: str | None) -> dict[str, Any]:
    known = {"hint": hint, "instance": instance}
    return {
        "type": "about:blank",
        "title": _TITLES.get(status, http.HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        **{name: value for name, value in known.items() if value},
    }


def respond(
    error: Exception, instance: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The answer that tells an error."""
    problem = problem_of(error, instance)
    if isinstance(error, RequestError):
        headers = error.headers
    return JSONResponse(
        problem, problem["status"], dict(headers) if headers else None, media_type=MEDIA_TYPE
    )


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of a route, for its description."""
    return {status: _refusal(status) for status in sorted({*statuses, 422, 500})}


def _refusal(status: int) -> dict[str, Any]:
    example = _base(status, _DETAILS.get(status, _TITLES.get(status, "")), None, "/v1/functions/fw")
    return {
        "model": ProblemDetails,
        "description": _TITLES.get(status, http.HTTPStatus(status).phrase),
        "content": {MEDIA_TYPE: {"example": example}},
    }


_DETAILS = {
    403: "managing 'fw' needs root",
    404: "no function named 'fw'; there are: nat, wire",
    409: "'fw' is inactive: no engine runs in it",
    412: "the graph is no longer the one of If-Match; read it again",
    415: "Content-Type 'text/csv': allowed: application/json",
    422: "query parameter 'limt' is not known; allowed: limit, after",
    500: "internal error: OSError",
}


def install(application: FastAPI) -> None:
    """Have every error of an application told so."""

    async def ours(request: Request, error: Exception) -> JSONResponse:
        return respond(error, request.url.path)

    async def wrong_input(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return respond(_input_problem(error), request.url.path)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _methods(request)
        detail = _http_detail(error, request, headers)
        status = 422 if error.status_code == 400 else error.status_code  # a body that is no JSON
        return respond(RequestError(status, detail, headers=headers), request.url.path)

    application.add_exception_handler(WeftError, ours)
    application.add_exception_handler(RequestError, ours)
    application.add_exception_handler(RequestValidationError, wrong_input)
    application.add_exception_handler(HTTPException, http_error)
    application.add_exception_handler(Exception, ours)


def _methods(request: Request) -> str:
    """Every method of the resource, whichever route answers it."""
    found: set[str] = set()
    for route in request.app.state.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= set(getattr(route, "methods", ()))
    return ", ".join(sorted(found))


def _http_detail(error: HTTPException, request: Request, headers: Mapping[str, str]) -> str:
    if error.status_code == 404:
        return f"nothing at '{request.url.path}'; /openapi.json lists what there is"
    if error.status_code == 405:
        return f"{request.method} is not for '{request.url.path}'; allowed: {headers['Allow']}"
    return str(error.detail)


def _input_problem(error: RequestValidationError) -> RequestError:
    problems = [
        {"location": ".".join(str(part) for part in item["loc"]), "message": str(item["msg"])}
        for item in error.errors()
    ]
    told = "; ".join(f"{item['location']}: {item['message']}" for item in problems[:3])
    return RequestError(422, told or "the request cannot be read", problems=problems[:100])
