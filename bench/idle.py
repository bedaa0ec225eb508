"""What functions take that have nothing to do: CPU, memory; and how fast many come and go."""

from __future__ import annotations

import asyncio
import gc
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from bench.cable import host
from bench.figure import BrokenRunError, Figure, at_most
from bench.platform import Platform, platform
from bench.process import cpu_s

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.cable import Host
    from bench.setting import Setting
    from weft.model.function import FunctionRequest

__all__ = ["available", "measure", "proportional"]

_FUNCTIONS = 32
_IDLE_S = 10.0
_SETTLE_S = 1.0


def measure(setting: Setting) -> list[Figure]:
    """32 functions between two hosts, again and again; idle CPU is watched in the last round."""
    count = setting.amount(_FUNCTIONS, 3)
    starts: list[float] = []
    ends: list[float] = []
    memory: list[float] = []
    owned: list[float] = []
    shares: list[float] = []
    with host("left") as left, host("right") as right, platform() as there:
        requests = _requests(there, left, right, count)
        _rehearse(there, requests[0])
        for last in (number == setting.repeat - 1 for number in range(setting.repeat)):
            before = available()
            starts.append(_timed(there, requests))
            time.sleep(setting.seconds(_SETTLE_S))
            memory.append((before - available()) / 1e6)
            processes = _processes(there, count)
            owned.append(sum(map(proportional, processes)) / 1e6)
            if last:
                shares = _cpu_shares(processes, setting.seconds(_IDLE_S))
            ends.append(_removed(there))
    return [
        Figure("idle function: CPU", "% core", at_most(0.1), tuple(shares)),
        Figure(f"{count} idle functions: memory", "MB", at_most(48), tuple(memory)),
        Figure(f"{count} idle functions: memory of their processes", "MB", at_most(), tuple(owned)),
        Figure(f"{count} functions started at once", "s", at_most(), tuple(starts)),
        Figure(f"{count} functions removed at once", "s", at_most(), tuple(ends)),
    ]


def _requests(there: Platform, left: Host, right: Host, count: int) -> list[FunctionRequest]:
    return [there.request(f"idle{n}", left, right, f"idle{n}") for n in range(count)]


def _rehearse(there: Platform, request: FunctionRequest) -> None:
    """Once, so that what every start needs is loaded before memory is looked at."""
    there.start(request)
    there.remove_all()


def _timed(there: Platform, requests: list[FunctionRequest]) -> float:
    async def start_all() -> None:
        again = (replace(request, uuid=uuid4()) for request in requests)
        await asyncio.gather(*(there.client.run(request) for request in again))

    begun = time.perf_counter()
    there.wait(start_all())
    return time.perf_counter() - begun


def _removed(there: Platform) -> float:
    begun = time.perf_counter()
    there.remove_all()
    return time.perf_counter() - begun


def _processes(there: Platform, count: int) -> list[tuple[int, int]]:
    """Each function's process 1 and engine."""
    found = there.wait(there.client.functions())
    pids = [(status.pid, status.engine_pid) for _, status in found]
    processes = [(first, engine) for first, engine in pids if first and engine]
    if len(processes) != count:
        raise BrokenRunError(f"{len(processes)} functions run, expected {count}")
    return processes


def _cpu_shares(processes: list[tuple[int, int]], seconds: float) -> list[float]:
    """Each function's part of a core, in percent."""
    before = [sum(map(cpu_s, pair)) for pair in processes]
    time.sleep(seconds)
    after = [sum(map(cpu_s, pair)) for pair in processes]
    if 0.0 in after:
        raise BrokenRunError("a function that was idle ended")
    return [(b - a) / seconds * 100 for a, b in zip(before, after, strict=True)]


def proportional(pids: Iterable[int]) -> int:
    """Bytes of processes; what several share counts in parts."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def available() -> int:
    """Bytes of memory that programs could have."""
    gc.collect()
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise BrokenRunError("the kernel does not tell MemAvailable")
