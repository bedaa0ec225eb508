"""What the management system tells of functions over time: history, alarms, thresholds, metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from weft.errors import FunctionError, FunctionNotFoundError, WeftError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.manager.monitoring import Monitoring
    from weft.manager.monitoring.thresholds import Thresholds
    from weft.model.function import FunctionFacts, FunctionStatus
    from weft.model.look import Look
    from weft.model.monitoring import Alarm, Series, Threshold, Track

__all__ = ["Watching"]


# Longer than Prometheus and those who write files for it wait between two pages.
_BYTE_LEASE_S = 150.0


class _Functions(Protocol):
    """What the rest of a manager gives."""

    monitoring: Monitoring | None

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]: ...

    async def function(self, name: str) -> tuple[FunctionFacts, FunctionStatus]: ...

    async def selected(self, selector: str) -> list[FunctionFacts]: ...

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look: ...


class Watching:
    """The part of a manager that watches. A server gives it its `monitoring`; without, nothing is kept."""

    monitoring: Monitoring | None = None

    async def series(self: _Functions, name: str) -> list[Series]:
        """What is kept of a function over time."""
        return _served(self).series(await _uuid_of(self, name))

    async def history(
        self: _Functions,
        name: str,
        series: Sequence[str],
        start_s: float | None = None,
        step_s: float | None = None,
    ) -> list[Track]:
        """Some series of a function, from a Unix time until now."""
        monitoring = _served(self)
        uuid = await _uuid_of(self, name)
        return [monitoring.track(uuid, item, start_s, step_s) for item in series]

    async def alarms(self: _Functions) -> list[Alarm]:
        """The alarms there are, and the last that were cleared."""
        return _served(self).alarms.all()

    async def acknowledge(self: _Functions, alarm: str) -> Alarm:
        """Note that somebody has seen an alarm."""
        return _served(self).acknowledge(alarm)

    async def thresholds(self: _Functions) -> list[Threshold]:
        """The thresholds that hold."""
        return _thresholds(self).all()

    async def set_threshold(self: _Functions, threshold: Threshold) -> None:
        """Add a threshold, or replace the one of its id."""
        _thresholds(self).put(threshold)

    async def remove_threshold(self: _Functions, name: str) -> None:
        """Remove a threshold."""
        _thresholds(self).remove(name)

    async def metrics(self: _Functions, name: str | None = None) -> str:
        """What is measured of all functions or some, in the text format of Prometheus."""
        from weft.manager.monitoring.exposition import exposition

        if name is None:
            chosen = [facts for facts, _ in await self.functions()]
        else:
            chosen = await self.selected(name)
        looks = await asyncio.gather(
            *(self.look(facts, values=True, byte_lease_s=_BYTE_LEASE_S) for facts in chosen),
            return_exceptions=True,
        )
        found = []
        for facts, look in zip(chosen, looks, strict=True):
            if isinstance(look, BaseException):
                if not isinstance(look, FunctionError):
                    raise look
            else:
                found.append((facts, look))
        return exposition(found)


def _served(manager: _Functions) -> Monitoring:
    if manager.monitoring is None:
        raise WeftError(
            "nothing is kept of functions over time: no server watches them",
            hint="`weft serve` does, from then on; `weft top` and `weft metrics` do without it",
        )
    return manager.monitoring


def _thresholds(manager: _Functions) -> Thresholds:
    """Those of the server, or what it will find."""
    from weft.manager.data import default_data
    from weft.manager.monitoring.thresholds import Thresholds

    if manager.monitoring is not None:
        return manager.monitoring.thresholds
    return Thresholds(default_data())


async def _uuid_of(manager: _Functions, name: str) -> str:
    """The UUID of a function, be it gone."""
    try:
        return str((await manager.function(name))[0].uuid)
    except FunctionNotFoundError:
        former = _served(manager).former(name)
        if former is None:
            raise
        return former
