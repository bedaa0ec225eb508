"""What every route works with."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection  # noqa: TC002 - FastAPI reads it

from weft.api.events import EventRing
from weft.api.repeats import Repeats

if TYPE_CHECKING:
    from weft.client import Client

__all__ = ["Context", "Use"]


class Context:
    """The management system, what happens in it, and whether the server is ending."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.events = EventRing()
        self.repeats = Repeats()
        self.stopping = asyncio.Event()
        self.began_s = time.monotonic()
        self.operations: set[asyncio.Task[object]] = set()

    async def close(self) -> None:
        """End streams, and call off the operations that still run; each undoes what it did."""
        self.stopping.set()
        self.events.close()
        running = list(self.operations)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _context(connection: HTTPConnection) -> Context:
    context: Context = connection.app.state.context
    return context


Use = Annotated[Context, Depends(_context)]
