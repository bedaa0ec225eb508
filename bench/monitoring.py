"""What it takes to watch functions: each is looked at once a second, and what is seen is kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.cable import host
from bench.figure import BrokenRunError, Figure, at_most
from bench.platform import platform
from weft.manager.monitoring import Monitoring

if TYPE_CHECKING:
    from bench.platform import Platform
    from bench.setting import Setting
    from weft.model.function import FunctionRequest

__all__ = ["measure"]

_FUNCTIONS = 32
_WATCHED_S = 15.0


def measure(setting: Setting) -> list[Figure]:
    """32 firewalls, idle, watched in this process."""
    count = setting.amount(_FUNCTIONS, 3)
    seconds = setting.seconds(_WATCHED_S)
    with host("left") as left, host("right") as right, platform() as there:
        requests = [there.request(f"f{n}", left, right, f"f{n}") for n in range(count)]
        there.wait(_run_all(there, requests))
        pairs = [
            there.wait(_watched(there, setting, seconds, count)) for _ in range(setting.repeat)
        ]
    watchers, functions = zip(*pairs, strict=True)
    name = f"{count} functions watched at 1 Hz"
    return [
        Figure(f"{name}: CPU of who watches", "% core", at_most(5), tuple(watchers)),
        Figure(f"{name}: CPU of the functions", "% core", at_most(), tuple(functions)),
    ]


async def _run_all(there: Platform, requests: list[FunctionRequest]) -> None:
    again = (replace(request, uuid=uuid4()) for request in requests)
    await asyncio.gather(*(there.client.run(request) for request in again))


async def _watched(
    there: Platform, setting: Setting, seconds: float, count: int
) -> tuple[float, float]:
    """Percent of a core that watching takes here, and there."""
    monitoring = Monitoring(there.client, setting.folder)
    spent_s = await _spent_s(there)
    begun, own_s = time.monotonic(), time.process_time()
    task = asyncio.create_task(monitoring.run())
    await asyncio.sleep(seconds)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    own_s, elapsed_s = time.process_time() - own_s, time.monotonic() - begun
    found = await there.client.functions()
    if any(not monitoring.series(str(facts.uuid)) for facts, _ in found) or len(found) != count:
        raise BrokenRunError("a function was not watched")
    return own_s / elapsed_s * 100, (await _spent_s(there) - spent_s) / elapsed_s * 100


async def _spent_s(there: Platform) -> float:
    return sum(status.cpu_s or 0.0 for _, status in await there.client.functions())
