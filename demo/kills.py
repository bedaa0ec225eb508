"""Ending each process of a function while traffic flows through it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from demo.costs import BACK_MS, Cost, limits_of_component, limits_of_engine, sort_drops
from demo.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.stage import Stage
    from weft.client import Client
    from weft.model.function import ComponentStatus, FunctionStatus

__all__ = ["Killer"]

ENGINE_KILLS = 5
FLOOD_BYTES = 50 * 10**6
_BEFORE_AND_AFTER_S = 0.3
_LIVED_S = 1.1  # an engine that lived for less than a second is started again with a delay
_PATIENCE_S = 20.0


class Killer:
    """Ends processes of one function, one after the other, each under a stream of its own."""

    def __init__(self, stage: Stage, client: Client, name: str) -> None:
        self._stage, self._client, self._name = stage, client, name

    def kill_engine(self) -> Cost:
        """SIGKILL the engine, several times: only what was on its way through it may be lost."""
        cost = Cost(f"engine, {ENGINE_KILLS} times", silence_most_ms=BACK_MS)
        drops = self._drops()
        with Stream(self._stage) as stream:
            signals = []
            for _ in range(ENGINE_KILLS):
                stream.flow(_LIVED_S)
                status = self._status()
                signals.append(_Signal(status.engine_pid, signal.SIGKILL, stream))
                self._wait(partial(self._is_whole, (status.restarts or 0) + 1))
            stream.flow(_BEFORE_AND_AFTER_S)
            stream.settle()
            cost.drops = self._since(drops)
            cost.away = sum(cost.drops.values())
            _note(cost, stream)
            cost.in_flight = cost.unaccounted
            for given in signals:
                cost.in_flight_most += limits_of_engine(len(status.components), given.on_the_way)
                cost.silences_ms.append(given.silence_ms)
        return cost

    def kill(self, name: str, language: str, fallback: str) -> Cost:
        """SIGKILL a component: it costs what it had, and what its fallback says."""
        return self._end(Cost(f"{name} ({language})", fallback), name, signal.SIGKILL)

    def hang(self, name: str, fallback: str) -> Cost:
        """SIGSTOP a component, until it is cut off and started again."""
        return self._end(Cost(f"{name} hangs (SIGSTOP)", fallback), name, signal.SIGSTOP)

    def flood(self, name: str) -> Cost:
        """Write far more to a component's output than a log has room for: it costs nothing."""
        cost = Cost(f"{name} prints {FLOOD_BYTES // 10**6} MB", silence_most_ms=1000.0)
        drops = self._drops()
        with Stream(self._stage) as stream:
            stream.flow(_BEFORE_AND_AFTER_S)
            begin = time.time()
            _print_much(self._component(name).pid)
            stream.flow(_BEFORE_AND_AFTER_S)
            stream.settle()
            cost.silences_ms.append(stream.longest_silence_ms(begin))
            cost.drops = self._since(drops)
            cost.away = sum(cost.drops.values())
            _note(cost, stream)
        return cost

    def _end(self, cost: Cost, name: str, number: signal.Signals) -> Cost:
        drops = self._drops()
        with Stream(self._stage) as stream:
            stream.flow(_BEFORE_AND_AFTER_S)
            before = self._component(name)
            given = _Signal(before.pid, number, stream)
            self._wait(lambda: self._is_back(name, (before.restarts or 0) + 1))
            cost.back_ms = (time.time() - given.time) * 1e3
            sent_meanwhile = stream.sent - given.sent
            stream.flow(_BEFORE_AND_AFTER_S)
            stream.settle()
            hangs = number == signal.SIGSTOP
            cost.in_flight_most, cost.away_most = limits_of_component(
                cost.fallback, hangs, given.on_the_way + sent_meanwhile
            )
            cost.silences_ms.append(given.silence_ms)
            cost.drops = self._since(drops)
            cost.in_flight, cost.away = sort_drops(cost.drops, name, cost.fallback, hangs)
            _note(cost, stream)
        return cost

    def _status(self) -> FunctionStatus:
        return asyncio.run(self._client.function(self._name))[1]

    def _component(self, name: str) -> ComponentStatus:
        return next(item for item in self._status().components if item.name == name)

    def _is_whole(self, restarts: int) -> bool:
        """Whether the engine runs again after so many deaths, with all components."""
        status = self._status()
        ready = all(item.state == "ready" for item in status.components)
        return ready and (status.restarts, status.state) == (restarts, "active")

    def _is_back(self, name: str, restarts: int) -> bool:
        component = self._component(name)
        return (component.restarts, component.state) == (restarts, "ready")

    def _wait(self, is_back: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not is_back():
            if time.monotonic() > deadline:
                raise TimeoutError(f"'{self._name}' is not back after {_PATIENCE_S:.0f} s")
            time.sleep(0.005)

    def _drops(self) -> dict[str, int]:
        """Packets dropped so far, by element and reason."""
        elements = json.loads(asyncio.run(self._client.read(self._name, "stats")))["elements"]
        return {
            f"{item['name']}: {reason}": count
            for item in elements
            for reason, count in item["drops"].items()
        }

    def _since(self, before: dict[str, int]) -> dict[str, int]:
        now = {reason: count - before.get(reason, 0) for reason, count in self._drops().items()}
        return {reason: count for reason, count in now.items() if count}


class _Signal:
    """A signal given to a process, and where the stream was then."""

    def __init__(self, pid: int | None, number: signal.Signals, stream: Stream) -> None:
        if pid is None:
            raise ProcessLookupError("a process that should run does not")
        self._stream = stream
        self.time = time.time()
        os.kill(pid, number)
        self.sent = stream.sent

    @property
    def on_the_way(self) -> int:
        """Datagrams that had been sent and had not come yet."""
        return self.sent - self._stream.came_before(self.time)

    @property
    def silence_ms(self) -> float:
        """The longest time without a datagram from then on."""
        return self._stream.longest_silence_ms(self.time)


def _note(cost: Cost, stream: Stream) -> None:
    cost.sent, cost.received = stream.sent, len(stream.numbers)
    cost.overtaken, cost.doubled = stream.overtaken, stream.doubled


def _print_much(pid: int | None) -> None:
    """Print to the standard output of a process in its place."""
    line = b"x" * 99 + b"\n"
    with Path(f"/proc/{pid}/fd/1").open("wb") as output:
        for _ in range(FLOOD_BYTES // 10**6):
            output.write(line * 10**4)
