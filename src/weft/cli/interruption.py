"""Commands that a signal calls off; what was begun is undone."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["run_until_signal"]


def run_until_signal(work: Coroutine[Any, Any, int]) -> int:
    """The exit status of a command; SIGINT, SIGTERM and SIGHUP call its work off, once."""
    return asyncio.run(_watched(work))


async def _watched(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    signals: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        if not signals:  # a second one must not disturb the way back
            task.cancel()
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt, number)
    try:
        return await work
    except asyncio.CancelledError:
        return 128 + signals[0] if signals else 1
