"""What a running server keeps of functions over time, over its REST."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from weft.client.asking import JSON, TEXT, Asker, function_path
from weft.client.decoding import decode
from weft.model.monitoring import Alarm, Series, Threshold, Track

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MonitoringOverHttp"]


class MonitoringOverHttp(Asker):
    """The part of a client that watches."""

    async def series(self, name: str) -> list[Series]:
        """What is kept of a function over time."""
        return [decode(Series, item) for item in await self._get(function_path(name, "series"))]

    async def history(
        self,
        name: str,
        series: Sequence[str],
        start_s: float | None = None,
        step_s: float | None = None,
    ) -> list[Track]:
        """Some series of a function, from a Unix time until now."""
        wanted = {"series": ",".join(series)}
        if start_s is not None:
            wanted["start"] = repr(start_s)
        if step_s is not None:
            wanted["step"] = repr(step_s)
        target = f"{function_path(name, 'history')}?{urlencode(wanted)}"
        return [decode(Track, item) for item in await self._get(target)]

    async def alarms(self) -> list[Alarm]:
        """The alarms there are, and the last that were cleared."""
        return [decode(Alarm, item) for item in await self._get("/alarms")]

    async def acknowledge(self, alarm: str) -> Alarm:
        """Note that somebody has seen an alarm."""
        target = f"/alarms/{quote(alarm, safe='')}/acknowledge"
        async with self._ask("POST", target) as answer:
            return decode(Alarm, json.loads(await answer.read()))

    async def thresholds(self) -> list[Threshold]:
        """The thresholds that hold."""
        return [decode(Threshold, item) for item in await self._get("/thresholds")]

    async def set_threshold(self, threshold: Threshold) -> None:
        """Add a threshold, or replace the one of its id."""
        asked = asdict(threshold)
        target = f"/thresholds/{quote(asked.pop('id'), safe='')}"
        await self._do("PUT", target, json.dumps(asked).encode(), JSON)

    async def remove_threshold(self, name: str) -> None:
        """Remove a threshold."""
        await self._do("DELETE", f"/thresholds/{quote(name, safe='')}")

    async def metrics(self, name: str | None = None) -> str:
        """What is measured of all functions or some, in the text format of Prometheus."""
        query = f"?{urlencode({'function': name})}" if name is not None else ""
        async with self._ask("GET", f"/metrics{query}", accept=TEXT, base="") as answer:
            return (await answer.read()).decode()
