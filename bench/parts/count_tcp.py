"""count_tcp.py numpy|numba: counts TCP packets by batches. Its handler `bare` measures the same work alone."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.component import Component

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.component import Batch

PROTOCOL, TCP = 23, 6
SLOT, HEADROOM, BATCH = 2112, 144, 256
ROUNDS = 10_000


def by_numpy(flat: Any, starts: Any) -> int:
    """The work, as array operations."""
    return int(np.count_nonzero(flat.take(starts + PROTOCOL, mode="clip") == TCP))


def by_loop(flat: Any, starts: Any) -> int:
    """The same, as numba takes it."""
    found = 0
    for start in starts:
        if flat[start + PROTOCOL] == TCP:
            found += 1
    return found


def work() -> Callable[[Any, Any], int]:
    """The work, compiled where that is asked for."""
    if sys.argv[1] == "numpy":
        return by_numpy
    from numba import njit

    compiled: Callable[[Any, Any], int] = njit(by_loop)
    return compiled


def main() -> None:
    """Attach and count."""
    count = work()
    own_flat = np.zeros(BATCH * SLOT, np.uint8)
    own_starts = np.arange(BATCH, dtype=np.int64) * SLOT + HEADROOM
    count(own_flat, own_starts)  # compiled now, not under traffic
    seen = {"packets": 0, "batches": 0, "found": 0}
    component = Component()

    @component.batch
    def take(batch: Batch) -> None:
        seen["packets"] += len(batch)
        seen["batches"] += 1
        seen["found"] += count(batch.flat, batch.starts)

    @component.handler("bare", type=float, unit="nanoseconds", help="of the work alone, a packet")
    def bare() -> float:
        before = time.process_time_ns()
        for _ in range(ROUNDS):
            count(own_flat, own_starts)
        return (time.process_time_ns() - before) / (ROUNDS * BATCH)

    @component.handler("batches", type=int, unit="batches", help="taken so far")
    def batches() -> int:
        return seen["batches"]

    component.run()


main()
