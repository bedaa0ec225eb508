"""The application: every route, how errors are told, and what describes it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from weft import __version__
from weft.api import problems
from weft.api.context import Context
from weft.api.description import describe
from weft.api.guards import BodyLimit
from weft.api.native import ROUTERS
from weft.api.progress import say
from weft.api.watching import ServingClient

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

    from weft.client import Client

__all__ = ["description", "make_application"]


def make_application(client: Client) -> FastAPI:
    """The REST of a management system; what it is made of is in `application.state.context`."""
    application = FastAPI(
        title="Weft",
        version=__version__,
        summary="Virtualized network functions, and the system that manages them.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    application.state.context = Context(client)
    application.state.routes = [route for routes in ROUTERS for route in routes.routes]
    for routes in ROUTERS:
        application.include_router(routes)
    problems.install(application)
    application.add_middleware(BodyLimit)
    application.openapi = lambda: describe(application)  # type: ignore[method-assign]
    return application


def description() -> dict[str, Any]:
    """What the REST of any server answers, as OpenAPI."""
    return make_application(ServingClient(say)).openapi()


def _operation_id(route: APIRoute) -> str:
    return route.name
