"""The application of the REST, asked in this process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from weft.api.application import make_application
from weft.api.progress import say
from weft.api.watching import ServingClient

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["Rest"]


class Rest:
    """An application over the run directory of `$WEFT_RUN_DIR`."""

    def __init__(self) -> None:
        self.application: FastAPI = make_application(ServingClient(say))

    def __call__(self, method: str, target: str, **options: Any) -> httpx.Response:
        """A request and its answer."""
        return asyncio.run(self.ask(method, target, **options))

    async def ask(self, method: str, target: str, **options: Any) -> httpx.Response:
        """A request and its answer; what the application raises is a status as for others."""
        transport = httpx.ASGITransport(self.application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://weft") as client:
            return await client.request(method, target, **options)
