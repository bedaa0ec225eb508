"""The life cycle of a function: start, stop, restart, off."""

from __future__ import annotations

from starlette.responses import Response

from weft.api.answers import Name, NoContent
from weft.api.context import Use
from weft.api.problems import refusals
from weft.api.route import router

__all__ = ["routes"]

routes = router("life cycle")


def _verb(name: str) -> dict[str, object]:
    return {
        "path": f"/functions/{{name}}/{name}",
        "status_code": 204,
        "response_class": Response,
        "responses": refusals(403, 404, 409),
    }


@routes.post(**_verb("start"))  # type: ignore[arg-type]
async def start_function(name: Name, context: Use) -> Response:
    """Start the processing of a function that does not run."""
    await context.client.start(name)
    return NoContent()


@routes.post(**_verb("stop"))  # type: ignore[arg-type]
async def stop_function(name: Name, context: Use) -> Response:
    """End the processing of a function and keep its sandbox."""
    await context.client.stop(name)
    return NoContent()


@routes.post(**_verb("restart"))  # type: ignore[arg-type]
async def restart_function(name: Name, context: Use) -> Response:
    """End the processing of a function and start it again."""
    await context.client.restart(name)
    return NoContent()


@routes.post(**_verb("off"))  # type: ignore[arg-type]
async def turn_function_off(name: Name, context: Use) -> Response:
    """Turn a function off: nothing of it is left."""
    await context.client.remove(name)
    return NoContent()
