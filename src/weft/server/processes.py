"""Waiting for processes that are not our children."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from pathlib import Path

__all__ = ["process_one", "wait_gone"]


def process_one(folder: Path) -> int | None:
    """The process id of a function's process 1; None where it has ended.

    Numbers are used again, so the process must name the function's folder on its command line.
    """
    try:
        pid = int(json.loads((folder / "state.json").read_bytes())["pid"])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if str(folder).encode() in command else None


async def wait_gone(pidfd: int, patience_s: float | None = 10.0) -> None:
    """Wait until the process has ended; past `patience_s` (None: never) it is killed."""
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
