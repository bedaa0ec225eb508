"""What happens to functions, seen by looking: whoever does it, with the server or without it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from weft.client.local import LocalClient
from weft.errors import WeftError
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from weft.api.events import EventRing
    from weft.model.function import FunctionFacts, FunctionStatus

__all__ = ["ServingClient", "Watch"]

_PERIOD_S = 1.0
_MOST_GONE = 1000
_GONE, _STARTING = FunctionState.GONE, FunctionState.STARTING
_KINDS = {
    FunctionState.ACTIVE: "function.started",
    FunctionState.INACTIVE: "function.stopped",
    FunctionState.FAILED: "function.failed",
    FunctionState.RESTARTING: "function.restarting",
}

Found = list[tuple["FunctionFacts", "FunctionStatus"]]


class ServingClient(LocalClient):
    """The management system of a server, which keeps what is to be told of functions that are gone.

    Looking at functions cleans up after those that are gone, and only the first look tells of them;
    the server looks all the time.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(say)
        self._gone: dict[UUID, tuple[FunctionFacts, FunctionStatus]] = {}

    async def functions(self) -> Found:
        """Every function."""
        found = await super().functions()
        self._gone |= {facts.uuid: (facts, state) for facts, state in found if state.state is _GONE}
        while len(self._gone) > _MOST_GONE:
            del self._gone[next(iter(self._gone))]
        return found

    def take_gone(self) -> Found:
        """Those that were gone since this was asked the last time."""
        gone = list(self._gone.values())
        self._gone.clear()
        return gone


class Watch:
    """Looks at the functions, and tells what became another."""

    def __init__(self, client: ServingClient, events: EventRing) -> None:
        self._client = client
        self._events = events
        self._known: dict[UUID, tuple[FunctionFacts, FunctionStatus]] | None = None

    async def run(self, period_s: float = _PERIOD_S) -> None:
        """Look again and again."""
        while True:
            with contextlib.suppress(WeftError, OSError):
                self.compare(await self._client.functions())
            await asyncio.sleep(period_s)

    def compare(self, found: Found) -> None:
        """Tell what is not as it was the last time; the first time all is as it is."""
        now = {facts.uuid: (facts, status) for facts, status in found}
        if self._known is not None:
            for uuid, (facts, status) in now.items():
                self._one(facts, status, self._known.get(uuid))
            for uuid in self._known.keys() - now.keys():
                self._tell("function.removed", self._known[uuid][0])
        former = self._known or {}
        self._known = {
            # One that is being removed is what it was, until it is not there.
            uuid: former.get(uuid, pair) if pair[1].state is _STARTING else pair
            for uuid, pair in now.items()
            if pair[1].state is not _GONE
        }

    def _one(
        self,
        facts: FunctionFacts,
        status: FunctionStatus,
        before: tuple[FunctionFacts, FunctionStatus] | None,
    ) -> None:
        state = status.state
        if state is _GONE:
            self._tell("function.gone", facts)
            return
        if state is _STARTING:
            return
        if before is None or before[1].state is _STARTING:
            self._tell("function.deployed", facts, state=state.value)
            return
        if before[1].state is not state:
            self._tell(_KINDS.get(state, "function.changed"), facts, state=state.value)
        elif _is_new_engine(before[1], status):
            self._tell("function.restarted", facts, restarts=status.restarts)
        if before[0] != facts:
            self._tell("function.changed", facts, version=facts.version)
        self._components(facts, status, before[1])

    def _components(
        self, facts: FunctionFacts, now: FunctionStatus, before: FunctionStatus
    ) -> None:
        known = {item.key: item for item in before.components}
        for item in now.components:
            former = known.get(item.key)
            if former is not None and (item.state, item.restarts) != (
                former.state,
                former.restarts,
            ):
                self._tell(
                    "component.changed",
                    facts,
                    component=item.name,
                    state=item.state,
                    restarts=item.restarts,
                    last_end=item.last_end,
                )

    def _tell(self, kind: str, facts: FunctionFacts, **data: Any) -> None:
        self._events.add(kind, function=facts.name, uuid=str(facts.uuid), **data)


def _is_new_engine(before: FunctionStatus, now: FunctionStatus) -> bool:
    """Whether the engine was started again between two looks, by itself or as somebody asked for it."""
    if (now.restarts or 0) > (before.restarts or 0):
        return True
    return None not in (before.engine_pid, now.engine_pid) and before.engine_pid != now.engine_pid
