"""Round after round over all combinations, until each was measured often enough."""

from __future__ import annotations

import asyncio
import contextlib
import time
from random import Random
from typing import TYPE_CHECKING

from weft.bench.exchange import Requester
from weft.bench.plan import ANALYZERS, FILTERS, FORWARDING, Combination, Plan, Sample, Series
from weft.bench.stage import Stage, staged
from weft.errors import WeftError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Campaign", "Watcher"]


class Watcher:
    """Is told how far a campaign is; this one keeps it to itself."""

    def say(self, line: str) -> None:
        """Something was done, or left out."""

    def measured(self, campaign: Campaign) -> None:
        """A repetition of one combination was measured."""

    def close(self) -> None:
        """Nothing more will be told."""


class Campaign:
    """What is measured and what was found so far, whatever ends it."""

    def __init__(self, plan: Plan, package: Path, watcher: Watcher | None = None) -> None:
        self.plan = plan
        self.series = {FORWARDING: Series(FORWARDING)}
        self.left_out: dict[Combination, str] = {}
        self.is_complete = False
        self.package = package
        self._watcher = watcher or Watcher()

    @property
    def open(self) -> list[Combination]:
        """Combinations that were not measured often enough yet."""
        return [one for one, series in self.series.items() if not self.plan.enough(series)]

    async def run(self, *, all_needed: bool) -> None:
        """Measure; what cannot be built or started here is left out, unless all are needed."""
        async with staged(self._watcher.say) as stage:
            with contextlib.ExitStack() as stack:
                requesters = {FORWARDING: _requester(stage, stage.routed_address, self.plan, stack)}
                for combination in self.plan.combinations:
                    try:
                        requester = await self._start(stage, combination, stack)
                    except WeftError as error:
                        if all_needed:
                            raise
                        self.left_out[combination] = error.message
                        self._watcher.say(f"{combination.label} is left out: {error.message}")
                        continue
                    requesters[combination] = requester
                    self.series[combination] = Series(combination)
                await self._measure(stage, requesters)

    async def _start(
        self, stage: Stage, combination: Combination, stack: contextlib.ExitStack
    ) -> Requester:
        self._watcher.say(f"starting {combination.label}")
        lines = {
            "analyzer": ANALYZERS[combination.analyzer],
            "filter": FILTERS[combination.filter],
        }
        address = await stage.start(combination, self.package, lines)
        return _requester(stage, address, self.plan, stack)

    async def _measure(self, stage: Stage, requesters: dict[Combination, Requester]) -> None:
        """One repetition of each, in another order every round; the first round is a rehearsal."""
        random = Random(1)
        deadline = time.monotonic() + self.plan.time_limit_s
        for combination, requester in requesters.items():
            await self._repeat(stage, combination, requester)
        number = 0
        while left := self.open:
            number += 1
            if number == 1 or number % 10 == 0:
                self._watcher.say(f"round {number}: {len(left)} to measure")
            if time.monotonic() > deadline:
                self._watcher.say(
                    "the time is up; what there is has wider intervals than asked for"
                )
                return
            random.shuffle(left)
            for combination in left:
                sample = await self._repeat(stage, combination, requesters[combination])
                self.series[combination].samples.append(sample)
                self._watcher.measured(self)
        self.is_complete = True

    async def _repeat(self, stage: Stage, combination: Combination, requester: Requester) -> Sample:
        await asyncio.sleep(0)  # a signal is heeded between two repetitions
        if combination == FORWARDING:
            return Sample(requester.median_us())
        packets, parsing_ns = await stage.analyzer(combination)
        rtt_us = requester.median_us()
        packets_then, parsing_ns_then = await stage.analyzer(combination)
        trips = self.plan.warm_up + self.plan.requests
        return Sample(
            rtt_us, (parsing_ns_then - parsing_ns) / 1e3 / trips, (packets_then - packets) / trips
        )


def _requester(stage: Stage, address: str, plan: Plan, stack: contextlib.ExitStack) -> Requester:
    """One that is closed with the stack."""
    requester = Requester(stage.host, address, plan)
    stack.callback(requester.close)
    return requester
