"""Watching functions: they come, go, fall silent, and what is told of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from weft.errors import NotRunningError
from weft.manager.monitoring import Monitoring
from weft.model.function import FunctionFacts, FunctionStatus
from weft.model.look import ComponentLook, InterfaceLook, Look, ValueLook
from weft.model.monitoring import Threshold
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GATE = FunctionFacts(UUID(int=1), "gate", "default", "gate", "1", {}, 0.0, "x")
ACTIVE = FunctionStatus(FunctionState.ACTIVE)


class Server:
    """A management system of whose functions a test says everything."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 1_800_000_000.0
        self.found = [(GATE, ACTIVE)]
        self.packets = 0
        self.values: list[bool] = []
        self.answers = True
        self.value: float | None = 1.0
        self.meanwhile: Callable[[], None] = lambda: None
        self.monitoring = Monitoring(self, folder, lambda: self.now_s)
        self.told: list[str] = []
        self.monitoring.listen(
            lambda event: self.told.append(f"{event.change} {event.alarm.threshold}")
        )

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        found = list(self.found)
        self.found = [item for item in found if item[1].state is not FunctionState.GONE]
        return found

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look:
        if not self.answers:
            raise NotRunningError(f"'{facts.name}' does not run: nobody listens")
        self.meanwhile()
        self.values.append(values)
        told = ValueLook("hits", "", self.value if values else None)
        component = ComponentLook("filter", "filter", "ready", values=(told,))
        interface = InterfaceLook("in", True, packets_in=self.packets)
        return Look(0.0, "active", interfaces=(interface,), components=(component,))

    def after(self, seconds: float, act: Callable[[], None] = lambda: None) -> list[str]:
        """Let time pass, measure once, and say what was told since."""
        self.now_s += seconds
        act()
        asyncio.run(self.monitoring.measure())
        told, self.told = self.told, []
        return told

    def track(self, series: str) -> tuple[float | None, ...]:
        return self.monitoring.track(str(GATE.uuid), series, self.now_s - 5, 1).values


def test_what_is_measured_is_kept(tmp_path: Path) -> None:
    server = Server(tmp_path)
    for packets in (3, 5, 9):
        server.packets = packets
        assert server.after(1) == []
    assert server.track("in.packets_in")[-3:] == (3.0, 5.0, 9.0)
    assert "filter.hits" in {item.name for item in server.monitoring.series(str(GATE.uuid))}


def test_an_alarm_is_told_as_it_happens(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.monitoring.thresholds.put(Threshold("much", "in.packets_in/s", above=100))
    server.after(1)
    server.packets = 1000
    assert server.after(1) == ["raised much"]
    assert server.after(1) == ["cleared much"]


def test_a_function_that_is_gone_raises_an_alarm_until_it_runs_again(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.after(1)
    server.found = [(GATE, FunctionStatus(FunctionState.GONE))]
    server.answers = False
    assert server.after(1) == []  # it does not answer
    assert server.after(0.5) == ["raised gone"]  # so it is looked for at once
    assert server.monitoring.former("gate") == str(GATE.uuid)
    server.answers = True
    server.found = [(replace(GATE, uuid=UUID(int=2)), ACTIVE)]
    assert server.after(2) == ["cleared gone"]


def test_a_function_that_is_turned_off_clears_its_alarms_and_raises_none(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.monitoring.thresholds.put(Threshold("any", "up", above=0))
    assert server.after(1) == ["raised any"]
    server.found = []
    assert server.after(2) == ["cleared any"]


def test_a_component_that_keeps_its_values_to_itself_is_asked_again_after_a_while(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    server.value = None
    for _ in range(12):
        server.after(1)
    assert server.values == [True] + [False] * 9 + [True, False]


def test_functions_that_come_and_go_while_one_is_looked_at_are_not_taken_for_it(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path)
    server.monitoring.thresholds.put(Threshold("any", "up", above=0))
    other = replace(GATE, uuid=UUID(int=2), name="other")
    server.meanwhile = lambda: server.monitoring.notice([(other, ACTIVE)])
    assert server.after(1) == []
    assert (
        server.monitoring.series(str(GATE.uuid)) == server.monitoring.series(str(other.uuid)) == []
    )
    server.meanwhile = lambda: server.monitoring.notice([(other, ACTIVE), (GATE, ACTIVE)])
    assert server.after(1) == ["raised any"]
    assert [alarm.function for alarm in server.monitoring.alarms.all()] == ["other"]
