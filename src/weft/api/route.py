"""What every route checks before anything else, and how it describes itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from weft.api.problems import RequestError
from weft.api.repeats import KEY_HEADER, Repeats
from weft.manager.operation import operating

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["BODIES", "Route", "router"]

BODIES = {"POST", "PUT"}
_KEY = re.compile(r"[!-~]{1,255}", re.ASCII)


def router(tag: str) -> APIRouter:
    """A group of routes."""
    return APIRouter(prefix="/v1", tags=[tag], route_class=Route)


class Route(APIRoute):
    """Refuses unknown query parameters and wrong media types; knows repeated requests by their key."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        told = [line.strip() for line in (endpoint.__doc__ or "").strip().split("\n\n", 1)]
        options["summary"] = options.get("summary") or told[0].split("\n")[0].rstrip(".")
        options["description"] = options.get("description") or "\n\n".join(told)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its checks in front."""
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            self._check_query(request)
            self._check_media_type(request)
            key = _key(request)
            if key is None:
                return await handle(request)
            with operating(key):
                repeats: Repeats = request.app.state.context.repeats
                return await repeats.answer(request, key, lambda: handle(request))

        return checked

    def _check_query(self, request: Request) -> None:
        known = [item.alias for item in self.dependant.query_params]
        unknown = sorted(set(request.query_params) - set(known))
        if unknown:
            allowed = ", ".join(known) or "none"
            raise RequestError(
                422, f"query parameter '{unknown[0]}' is not known; allowed: {allowed}"
            )
        for name in known:
            if len(request.query_params.getlist(name)) > 1:
                raise RequestError(422, f"query parameter '{name}' is there twice")

    def _check_media_type(self, request: Request) -> None:
        if request.method not in BODIES:
            return
        allowed = self._media_types()
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if allowed and given not in allowed:
            said = f"Content-Type '{given}'" if given else "a Content-Type is missing"
            raise RequestError(415, f"{said}: allowed: {', '.join(allowed)}")

    def _media_types(self) -> list[str]:
        described = (self.openapi_extra or {}).get("requestBody", {}).get("content", {})
        return list(described) or (["application/json"] if self.body_field else [])


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is None or request.method not in BODIES | {"DELETE"}:
        return None
    if not _KEY.fullmatch(key):
        raise RequestError(
            422, f"{KEY_HEADER}: allowed: 1 to 255 ASCII characters without blanks, as a UUID has"
        )
    return key
