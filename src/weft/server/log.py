"""Reading a function's log: its end, and what is added while someone watches."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["follow_log", "tail"]

_BLOCK_BYTES = 65536
_PERIOD_S = 0.05


def tail(path: Path, lines: int | None) -> tuple[int, str]:
    """The size of the log and its last `lines` lines (None: all of it)."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            start = 0 if lines is None else _start_of_last(log.fileno(), size, lines)
            log.seek(start)
            return size, log.read(size - start).decode(errors="replace")
    except FileNotFoundError:
        return 0, ""


def _start_of_last(descriptor: int, size: int, lines: int) -> int:
    """Where the last `lines` lines begin; a line feed at the very end closes the last of them."""
    if lines <= 0:
        return size
    position, wanted, end = size, lines + 1, True
    while position > 0:
        block_start = max(0, position - _BLOCK_BYTES)
        block = os.pread(descriptor, position - block_start, block_start)
        if end and not block.endswith(b"\n"):
            wanted -= 1
        end = False
        at = len(block)
        while (at := block.rfind(b"\n", 0, at)) >= 0:
            wanted -= 1
            if wanted == 0:
                return block_start + at + 1
        position = block_start
    return 0


async def follow_log(path: Path, offset: int, until: asyncio.Task[None]) -> AsyncIterator[str]:
    """What is added to the log from `offset` on, until the task is done and the log is read up."""
    try:
        with path.open("rb") as log:
            log.seek(offset)
            while True:
                last = until.done()
                while piece := log.read(_BLOCK_BYTES):
                    yield piece.decode(errors="replace")
                if last:
                    return
                await asyncio.wait([until], timeout=_PERIOD_S)
    except FileNotFoundError:
        await until
    finally:
        until.cancel()
