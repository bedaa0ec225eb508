"""Events as server-sent events: resumed by Last-Event-ID, kept alive, cut off where nobody reads."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from weft.api.events import Event, EventRing

__all__ = ["EventStream"]

_HEARTBEAT_S = 15.0
_PATIENCE_S = 10.0


class EventStream(Response):
    """An answer that goes on until the reader leaves, does not read, or the server ends."""

    media_type = "text/event-stream"

    def __init__(
        self, ring: EventRing, last: str | None, *, heartbeat_s: float = _HEARTBEAT_S
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._ring = ring
        self._last = last
        self._heartbeat_s = heartbeat_s
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        left = asyncio.create_task(_left(receive))
        talk = asyncio.create_task(self._talk(send))
        try:
            await asyncio.wait([left, talk], return_when=asyncio.FIRST_COMPLETED)
        finally:
            left.cancel()
            talk.cancel()
            await asyncio.gather(left, talk, return_exceptions=True)

    async def _talk(self, send: Send) -> None:
        listener = self._ring.listen()
        missed, is_lost = self._ring.since(self._last)
        try:
            await _send(send, ": weft\n\n")
            if is_lost:
                await _send(send, "event: events.lost\ndata: {}\n\n")
            for event in missed:
                await _send(send, _text(event))
            while True:
                try:
                    next_event = await asyncio.wait_for(listener.queue.get(), self._heartbeat_s)
                except TimeoutError:
                    await _send(send, ": still here\n\n")
                    continue
                if next_event is None:
                    break
                await _send(send, _text(next_event))
            await _send(send, "", more=False)
        finally:
            self._ring.leave(listener)


def _text(event: Event) -> str:
    data = json.dumps(event.data, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {data}\n\n"


async def _send(send: Send, text: str, *, more: bool = True) -> None:
    """Hand on text; who has not read for a while is given up."""
    async with asyncio.timeout(_PATIENCE_S):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
