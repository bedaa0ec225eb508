"""Waiting for processes that are not our children."""

from __future__ import annotations

import asyncio
import contextlib
import signal

__all__ = ["wait_gone"]


async def wait_gone(pidfd: int, patience_s: float = 10.0) -> None:
    """Wait until the process has ended; past `patience_s` it is killed."""
    try:
        async with asyncio.timeout(patience_s):
            await _ended(pidfd)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        await _ended(pidfd)


async def _ended(pidfd: int) -> None:
    """A pidfd becomes readable when its process ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def ended() -> None:
        if not done.done():
            done.set_result(None)

    loop.add_reader(pidfd, ended)
    try:
        await done
    finally:
        loop.remove_reader(pidfd)
