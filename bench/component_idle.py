"""What functions of components take that have nothing to do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.cable import host
from bench.component_function import package
from bench.figure import BrokenRunError, Figure, at_most
from bench.idle import available, proportional
from bench.platform import bindings, platform
from bench.process import cpu_s

if TYPE_CHECKING:
    from bench.platform import Platform
    from bench.setting import Setting

__all__ = ["measure"]

_FUNCTIONS, _COMPONENTS = 8, 3
_IDLE_S = 5.0
_SETTLE_S = 1.0
_PAUSE_S = 0.5
_PATIENCE_S = 10.0
_STILL = 300_000  # bytes


def measure(setting: Setting) -> list[Figure]:
    """Functions of three components in C each: memory that is gone, and CPU of the components and
    engines."""
    count = setting.amount(_FUNCTIONS, 2)
    place = str(package(setting, "idle", ["see.c"] * _COMPONENTS))
    memory: list[float] = []
    owned: list[float] = []
    shares: dict[str, list[float]] = {"components": [], "engines": []}
    with host("left") as left, host("right") as right, platform() as there:
        requests = [
            there.client.prepare(place, f"idle{n}", bindings(left, right, f"idle{n}"), {})
            for n in range(count)
        ]
        there.start(requests[0])  # once, so that what every start needs is loaded before
        there.remove_all()
        for _ in range(setting.repeat):
            before = _settled()
            for request in requests:
                there.start(request)
            time.sleep(setting.seconds(_SETTLE_S))
            memory.append((before - available()) / 1e6)
            owned.append(proportional(_processes(there)) / 1e6)
            for kind, share in _shares(there, count, setting.seconds(_IDLE_S)).items():
                shares[kind].append(share)
            there.remove_all()
    what = f"{count} idle functions of {_COMPONENTS} components"
    return [
        Figure(f"{what}: CPU of components", "% core", at_most(0), tuple(shares["components"])),
        Figure(f"{what}: CPU of engines", "% core", at_most(), tuple(shares["engines"])),
        Figure(f"{what}: memory", "MB", at_most(40), tuple(memory)),
        Figure(f"{what}: memory of their processes", "MB", at_most(40), tuple(owned)),
    ]


def _processes(there: Platform) -> list[int]:
    """All of them: process 1, the engine and the components of every function."""
    found = [status for _, status in there.wait(there.client.functions())]
    pids = [pid for one in found for pid in (one.pid, one.engine_pid)]
    pids += [component.pid for one in found for component in one.components]
    return [pid for pid in pids if pid]


def _settled() -> int:
    """Memory that is available once the kernel has taken earlier functions down, in bytes."""
    deadline = time.monotonic() + _PATIENCE_S
    last = available()
    while time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        now = available()
        if abs(now - last) < _STILL:
            return now
        last = now
    return last


def _shares(there: Platform, count: int, seconds: float) -> dict[str, float]:
    """What all components, and all engines, take of a core, in percent."""
    found = [status for _, status in there.wait(there.client.functions())]
    pids = {
        "components": [one.pid for status in found for one in status.components if one.pid],
        "engines": [status.engine_pid for status in found if status.engine_pid],
    }
    if (len(pids["components"]), len(pids["engines"])) != (count * _COMPONENTS, count):
        raise BrokenRunError(f"not everything of {count} functions runs: {pids}")
    before = {kind: sum(map(cpu_s, some)) for kind, some in pids.items()}
    time.sleep(seconds)
    if not all(cpu_s(pid) for some in pids.values() for pid in some):
        raise BrokenRunError("a process that was idle ended")
    after = {kind: sum(map(cpu_s, some)) for kind, some in pids.items()}
    return {kind: (after[kind] - before[kind]) / seconds * 100 for kind in pids}
