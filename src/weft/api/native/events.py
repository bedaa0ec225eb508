"""What happens, as it happens."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from weft.api.context import Use
from weft.api.problems import refusals
from weft.api.route import router
from weft.api.sse import EventStream

__all__ = ["routes"]

routes = router("events")

_EXAMPLE = (
    "id: 5f3a9c01-7\nevent: function.stopped\n"
    'data: {"time":1767225600.0,"function":"fw","state":"inactive"}\n\n'
)


@routes.get(
    "/events",
    response_class=Response,
    responses={
        **refusals(),
        200: {
            "description": "Server-sent events, until the reader leaves or the server ends.",
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE},
            },
        },
    },
)
async def follow_events(
    context: Use,
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="Go on after this event.", max_length=100),
    ] = None,
) -> Response:
    """Follow what happens: functions that come, change, stop and go, and what operations tell.

    The server keeps the last 1024 events. Where some after `Last-Event-ID` are not kept any more, the
    first event is `events.lost`. A reader that does not read is cut off; it goes on with that header.
    """
    return EventStream(context.events, last_event_id)
