"""The server itself."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query

from weft.api.context import Use
from weft.api.look_models import Host
from weft.api.models import Check, KernelLog
from weft.api.problems import refusals
from weft.api.route import router

__all__ = ["routes"]

routes = router("server")


@routes.get("/server", response_model=Host, responses=refusals())
async def show_server(context: Use) -> Any:
    """Show the server: processors, memory, disks, interfaces, routes, its largest processes."""
    return asdict(await asyncio.to_thread(context.client.host))


@routes.get("/server/checks", response_model=list[Check], responses=refusals())
async def check_server(context: Use) -> Any:
    """Tell what the server has and lacks for running functions, and what to do about it."""
    return await asyncio.to_thread(context.client.facts)


@routes.get("/server/kernel-log", response_model=KernelLog, responses=refusals())
async def read_kernel_log(
    context: Use,
    lines: Annotated[int, Query(description="So many of the last lines.", ge=0, le=10000)] = 100,
) -> Any:
    """Read the end of the kernel's log."""
    return {"lines": await asyncio.to_thread(context.client.kernel_log, lines)}
