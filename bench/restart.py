"""From SIGKILL of an engine to the next answered ping."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from bench.cable import host
from bench.figure import BrokenRunError, Figure, at_most
from bench.platform import ADDRESS, LINK, MAC, platform
from demo.measure import first_ping

if TYPE_CHECKING:
    from bench.platform import Platform
    from bench.setting import Setting

__all__ = ["measure"]

_NAME = "restart"
_APART_S = 1.2  # engines that die soon after one another are restarted more slowly


def measure(setting: Setting) -> list[Figure]:
    """One function, killed again and again; process 1 must have counted every restart."""
    times = []
    with host("left") as left, host("right") as right, platform() as there:
        there.start(there.request(_NAME, left, right))
        first_ping(left, LINK, MAC, ADDRESS)
        for number in range(setting.repeat):
            time.sleep(_APART_S)
            engine, restarts = _engine(there)
            if restarts != number:
                raise BrokenRunError(f"{restarts} restarts counted, expected {number}")
            begun = time.perf_counter()
            os.kill(engine, signal.SIGKILL)
            times.append((first_ping(left, LINK, MAC, ADDRESS) - begun) * 1e3)
            if _engine(there)[0] == engine:
                raise BrokenRunError("the engine that was killed still runs")
    return [Figure("SIGKILL of the engine to next ping", "ms", at_most(50), tuple(times))]


def _engine(there: Platform) -> tuple[int, int]:
    _, status = there.wait(there.client.function(_NAME))
    if status.engine_pid is None or status.restarts is None:
        raise BrokenRunError(f"no engine runs: {status}")
    return status.engine_pid, status.restarts
