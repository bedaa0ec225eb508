"""count_tcp.py numpy|numba: counts TCP packets by batches, and measures what that costs.

Its handler `alone` does the same work on arrays of its own, then waits until the ring is full; what the
batches cost that lie in it is the value of `inside`: nothing is waited for meanwhile.
"""

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
ROUNDS = 2_000
BATCHES = 12
BEFORE = 2  # batches that are not looked at: with the first the engine is woken
FILLING_S = 0.02


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
    meter = Meter()
    component = Component()

    @component.batch
    def take(batch: Batch) -> None:
        if meter.left:
            meter.look(len(batch))
        meter.found += count(batch.flat, batch.starts)

    @component.handler("alone", type=float, unit="nanoseconds", help="of the work alone, a packet")
    def alone() -> float:
        before = time.thread_time_ns()
        for _ in range(ROUNDS):
            count(own_flat, own_starts)
        taken = time.thread_time_ns() - before
        time.sleep(FILLING_S)
        meter.start()
        return taken / (ROUNDS * BATCH)

    @component.handler(
        "inside",
        type=float,
        unit="nanoseconds",
        help="a packet; 0: not known yet, negative: the ring ran empty",
    )
    def inside() -> float:
        return 0.0 if meter.left else meter.took_ns / (BATCHES * BATCH)

    component.run()


class Meter:
    """Measures from the beginning of one batch to that of another, `BATCHES` later."""

    def __init__(self) -> None:
        self.left = 0
        self.found = 0
        self.took_ns = 0
        self._start = 0

    def start(self) -> None:
        """Begin with the next batch."""
        self.left = BEFORE + BATCHES + 1

    def look(self, packets: int) -> None:
        """A batch begins."""
        if self.left == BATCHES + 1:
            self._start = time.thread_time_ns()
        self.left -= 1
        if not self.left:
            self.took_ns = time.thread_time_ns() - self._start
        elif packets != BATCH:
            self.left, self.took_ns = 0, -1


main()
