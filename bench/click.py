"""Runs of `weft-engine click`: packets per CPU-second, with the cost of configuring taken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.figure import BrokenRunError
from bench.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.setting import Setting

__all__ = ["Finished", "configuring_s", "finish", "packets_per_cpu_s"]

_TIMEOUT_S = 300
_LEAST_S = 1e-4


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run of a configuration left: handlers' values, and CPU-seconds of processing."""

    values: dict[str, int]
    cpu_s: float

    def expect(self, **expected: int) -> None:
        """BrokenRunError when a counter of the name has counted anything else."""
        got = {name: self.values[f"{name}.count"] for name in expected}
        if got != expected:
            raise BrokenRunError(f"counted {got}, expected {expected}")


def packets_per_cpu_s(setting: Setting, config: Path, **expected: int) -> float:
    """Run a configuration to its end; the named counters must then have counted what is expected.
    The rate is that of all of them together."""
    finished = finish(setting, config, *(f"{name}.count" for name in expected))
    finished.expect(**expected)
    return sum(expected.values()) / finished.cpu_s


def finish(setting: Setting, config: Path, *handlers: str) -> Finished:
    """Run a configuration to its end and read handlers."""
    cost_s = configuring_s(setting, config)
    reading = [argument for handler in handlers for argument in ("-h", handler)]
    command = [setting.engine, "click", str(config), *reading]
    ended = run(command, _TIMEOUT_S).checked()
    values = [line for line in ended.output.splitlines() if line.strip().isdigit()]
    if len(values) != len(handlers):
        raise BrokenRunError(f"no number for each of {', '.join(handlers)}: {ended.output!r}")
    found = dict(zip(handlers, map(int, values), strict=True))
    return Finished(found, max(ended.cpu_s - cost_s, _LEAST_S))


def configuring_s(setting: Setting, config: Path, prefix: Sequence[str] = ()) -> float:
    """CPU-seconds of reading and initializing a configuration without running it. A prefix makes it
    run elsewhere."""
    command = [*prefix, setting.engine, "click", "-q", str(config)]
    return run(command, _TIMEOUT_S).checked().cpu_s
