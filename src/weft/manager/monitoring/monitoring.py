"""Watches functions: looks at each once a second, keeps what it sees, raises and clears alarms."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Protocol

from weft.errors import FunctionNotFoundError, WeftError
from weft.manager.monitoring.alarms import Alarms, Watched
from weft.manager.monitoring.history import History
from weft.manager.monitoring.points import points
from weft.manager.monitoring.thresholds import Thresholds
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from weft.model.function import FunctionFacts, FunctionStatus
    from weft.model.look import Look
    from weft.model.monitoring import Alarm, AlarmEvent, Series, Track

__all__ = ["Functions", "Monitoring"]

INTERVAL_S = 1.0
# Functions that come and go are looked for so often, unless one that is known does not answer.
_SEARCH_S = 2.0
# Of a component that does not tell its values in time they are asked again only after a while.
_PATIENCE_S = 10.0
_AT_ONCE = 16
# Of bytes of elements; a few seconds may be missed.
_BYTE_LEASE_S = 10.0


class Functions(Protocol):
    """What monitoring needs of the management system."""

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function with its status; one that is gone is told once."""
        ...

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look:
        """The counts of a function and its components just now."""
        ...


class Monitoring:
    """The history, thresholds and alarms of the functions of a management system.

    It measures while `run` does; `folder` keeps the thresholds. With `element_bytes` it has the bytes
    of all elements counted all the time, which costs the engines some of their speed; without, the
    history has them as long as somebody else does.
    """

    def __init__(
        self,
        functions: Functions,
        folder: Path,
        clock: Callable[[], float] = time.time,
        *,
        element_bytes: bool = False,
    ) -> None:
        self._functions = functions
        self._byte_lease_s = _BYTE_LEASE_S if element_bytes else 0.0
        self._clock = clock
        self._known: dict[str, FunctionFacts] = {}
        self._searched_s: float | None = None
        self._silent_until_s: dict[str, float] = {}
        self._listeners: list[Callable[[AlarmEvent], None]] = []
        self._history = History()
        self.thresholds = Thresholds(folder)
        self.alarms = Alarms(self._tell)

    async def run(self) -> None:
        """Measure until cancelled: once a second, and where that takes longer, as often as it can be."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            with contextlib.suppress(WeftError, OSError):  # told to whoever asks for it
                await self.measure()
            due = max(due + INTERVAL_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def measure(self) -> None:
        """Look at every function once."""
        now_s = self._clock()
        if self._searched_s is None or now_s - self._searched_s >= _SEARCH_S:
            self.notice(await self._functions.functions())
        room = asyncio.Semaphore(_AT_ONCE)
        asked = list(self._known.values())  # others are noticed while these are looked at
        looks = await asyncio.gather(*(self._look(facts, room, now_s) for facts in asked))
        thresholds = self.thresholds.held()
        for facts, look in zip(asked, looks, strict=True):
            uuid = str(facts.uuid)
            if uuid not in self._known:
                continue
            if look is None:
                self._searched_s = None  # it has gone, or soon answers again
                continue
            values = self._history.put(uuid, facts.name, now_s, points(look))
            self.alarms.judge(_watched(facts), thresholds, values, now_s)
        self.alarms.settle(thresholds, now_s)
        self._history.forget_old(now_s)

    def notice(self, found: Sequence[tuple[FunctionFacts, FunctionStatus]]) -> None:
        """Take note of the functions there are; those that are gone are told only once."""
        now_s = self._clock()
        self._searched_s = now_s
        there = {}
        for facts, status in found:
            if status.state is FunctionState.GONE:
                self.alarms.gone(_watched(facts), now_s)
            else:
                there[str(facts.uuid)] = facts
                if str(facts.uuid) not in self._known:
                    self.alarms.came(facts.name, now_s)
        for uuid in self._known.keys() - there.keys():
            self.alarms.removed(uuid, now_s)
            self._silent_until_s.pop(uuid, None)
        self._known = there

    def listen(self, listener: Callable[[AlarmEvent], None]) -> Callable[[], None]:
        """Have changes of alarms told as they happen; call what is given back to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def series(self, uuid: str) -> list[Series]:
        """What is kept of a function, or was until it was gone."""
        history = self._history.of(uuid)
        return history.series() if history else []

    def track(
        self, uuid: str, series: str, start_s: float | None = None, step_s: float | None = None
    ) -> Track:
        """A series of a function, from `start_s` until now."""
        history = self._history.of(uuid)
        if history is None:
            raise FunctionNotFoundError(uuid, [])
        return history.track(series, self._clock(), start_s, step_s)

    def former(self, name: str) -> str | None:
        """The UUID of the function that had that name last, for an hour after it was gone."""
        return self._history.last_of(name)

    def acknowledge(self, alarm: str) -> Alarm:
        """Somebody has seen an alarm."""
        return self.alarms.acknowledge(alarm, self._clock())

    async def _look(
        self, facts: FunctionFacts, room: asyncio.Semaphore, now_s: float
    ) -> Look | None:
        uuid = str(facts.uuid)
        values = self._silent_until_s.get(uuid, 0.0) <= now_s
        async with room:
            try:
                look = await self._functions.look(
                    facts, values=values, byte_lease_s=self._byte_lease_s
                )
            except (WeftError, OSError, ValueError):  # one function holds up no other
                return None
        told = [value for component in look.components for value in component.values]
        if values and any(value.value is None for value in told):
            self._silent_until_s[uuid] = now_s + _PATIENCE_S
        return look

    def _tell(self, event: AlarmEvent) -> None:
        for listener in list(self._listeners):
            listener(event)


def _watched(facts: FunctionFacts) -> Watched:
    return Watched(str(facts.uuid), facts.name, tuple(facts.labels.items()))
