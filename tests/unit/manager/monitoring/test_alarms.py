"""Alarms: raised after a while, cleared with hysteresis, acknowledged, told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weft.errors import UsageError, WeftError
from weft.manager.monitoring.alarms import Alarms, Watched
from weft.manager.monitoring.thresholds import BUILT_IN, Thresholds
from weft.model.monitoring import Severity, Threshold

if TYPE_CHECKING:
    from pathlib import Path

    from weft.model.monitoring import AlarmEvent

GATE = Watched("u", "gate", (("tier", "edge"),))
FULL = Threshold("full", "q.length", above=80, for_s=2, clear=20, severity=Severity.MAJOR)


class Bench:
    """Alarms under a clock of ours, and what they tell."""

    def __init__(self, *thresholds: Threshold) -> None:
        self.thresholds = thresholds
        self.now_s = 100.0
        self.told: list[str] = []
        self.alarms = Alarms(self._told)

    def _told(self, event: AlarmEvent) -> None:
        self.told.append(f"{event.change} {event.alarm.threshold} {event.alarm.series}")

    def after(self, seconds: float, **values: float) -> list[str]:
        """Let time pass, measure, and say what was told since."""
        self.now_s += seconds
        named = {name.replace("__", "."): value for name, value in values.items()}
        self.alarms.judge(GATE, self.thresholds, named, self.now_s)
        self.alarms.settle(self.thresholds, self.now_s)
        told, self.told = self.told, []
        return told


def test_an_alarm_is_raised_only_when_it_lasts_and_cleared_only_well_below() -> None:
    bench = Bench(FULL)
    assert bench.after(1, q__length=90) == []
    assert bench.after(1, q__length=70) == []
    assert bench.after(1, q__length=90) == []
    assert bench.after(1, q__length=95) == []
    assert bench.after(1, q__length=99) == ["raised full q.length"]
    [alarm] = bench.alarms.all()
    assert (alarm.function, alarm.severity, alarm.value) == ("gate", "major", 99)
    assert alarm.text == "q.length is 99, above 80 for 2 s"
    assert alarm.raised_s == alarm.changed_s == 105.0
    assert bench.after(1, q__length=30) == []
    assert bench.after(1, q__length=20) == ["cleared full q.length"]
    [alarm] = bench.alarms.all()
    assert alarm.cleared_s == 107.0


def test_it_holds_until_it_has_been_well_for_a_while() -> None:
    bench = Bench(Threshold("again", "restarts/s", above=0, hold_s=10))
    assert bench.after(1, **{"restarts/s": 1.0}) == ["raised again restarts/s"]
    assert bench.after(1, **{"restarts/s": 0.0}) == []
    assert bench.after(9, **{"restarts/s": 1.0}) == []
    assert bench.after(1, **{"restarts/s": 0.0}) == []
    assert bench.after(10, **{"restarts/s": 0.0}) == ["cleared again restarts/s"]


def test_each_series_that_a_glob_means_has_its_own() -> None:
    bench = Bench(Threshold("low", "*.up, link", below=0.5))
    told = bench.after(1, a__up=0, b__up=1, link=0, other=0)
    assert told == ["raised low a.up", "raised low link"]
    assert bench.after(1, a__up=1, b__up=0, link=0) == ["cleared low a.up", "raised low b.up"]


@pytest.mark.parametrize(
    ("selector", "means"),
    [
        ("gate", True),
        ("g*", True),
        ("*", True),
        ("wire", False),
        ("tier=edge", True),
        ("tier=core", False),
    ],
)
def test_functions_are_chosen_by_name_glob_and_label(selector: str, means: bool) -> None:
    bench = Bench(Threshold("low", "up", below=0.5, function=selector))
    assert bool(bench.after(1, up=0)) == means


def test_a_threshold_that_is_gone_and_a_series_that_is_silent_clear_their_alarms() -> None:
    bench = Bench(Threshold("low", "up", below=0.5), Threshold("high", "x", above=1))
    bench.after(1, up=0, x=5)
    assert bench.after(20, up=0) == []
    assert bench.after(20, up=0) == ["cleared high x"]
    bench.thresholds = ()
    assert bench.after(1, up=0) == ["cleared low up"]


def test_an_alarm_is_acknowledged_by_the_start_of_its_id() -> None:
    bench = Bench(FULL)
    bench.after(1, q__length=90)
    bench.after(2, q__length=90)
    [alarm] = bench.alarms.all()
    seen = bench.alarms.acknowledge(alarm.id[:8], 200.0)
    assert (seen.acknowledged_s, seen.changed_s, seen.cleared_s) == (200.0, 200.0, None)
    assert bench.told == ["acknowledged full q.length"]
    assert bench.alarms.acknowledge(alarm.id, 300.0).acknowledged_s == 200.0
    with pytest.raises(UsageError, match="no alarm 'x'"):
        bench.alarms.acknowledge("x", 1.0)


def test_a_function_that_is_gone_is_told_once_and_until_it_is_seen_or_runs_again() -> None:
    bench = Bench(FULL)
    bench.after(1, q__length=90)
    bench.after(2, q__length=90)
    bench.told.clear()
    bench.alarms.gone(GATE, 110.0)
    bench.alarms.gone(GATE, 111.0)
    assert bench.told == ["cleared full q.length", "raised gone "]
    alarm = bench.alarms.all()[0]
    assert (alarm.severity, alarm.text) == ("critical", "its processes are gone; run it again")
    bench.alarms.came("gate", 120.0)
    assert bench.alarms.all()[0].cleared_s == 120.0
    bench.alarms.gone(Watched("v", "gate"), 130.0)
    bench.alarms.acknowledge(bench.alarms.all()[0].id, 140.0)
    assert all(alarm.cleared_s for alarm in bench.alarms.all())


def test_the_worst_stands_first_and_few_of_those_cleared_are_kept() -> None:
    bench = Bench(
        Threshold("b", "x", above=0, severity=Severity.WARNING),
        Threshold("a", "x", above=0, severity=Severity.CRITICAL),
    )
    for _ in range(300):
        bench.after(1, x=0)
        bench.after(1, x=1)
    alarms = bench.alarms.all()
    assert [alarm.threshold for alarm in alarms[:2]] == ["a", "b"]
    assert len(alarms) == 202


def test_a_component_that_ends_is_told_by_the_built_in_ones() -> None:
    bench = Bench(*BUILT_IN)
    assert bench.after(1, up=1, filter__up=1) == []
    values = {"up": 1, "filter__up": 0, "filter__restarts/s": 1.0, "restarts/s": 0.0}
    assert bench.after(1, **values) == ["raised component-restarts filter.restarts/s"]
    [alarm] = bench.alarms.all()
    assert alarm.text == ("its component 'filter' was started again; `weft show` says how it ended")
    values["filter__restarts/s"] = 0.0
    assert bench.after(3, **values) == ["raised component-down filter.up"]
    values["filter__up"] = 1
    assert bench.after(1, **values) == ["cleared component-down filter.up"]
    assert bench.after(30, **values) == ["cleared component-restarts filter.restarts/s"]


def test_lost_packets_are_told_by_the_built_in_ones() -> None:
    bench = Bench(*BUILT_IN)
    lost = {"a__drops__ring-full/s": 500.0, "a__drops__telnet/s": 900.0}
    told = [bench.after(1, **lost) for _ in range(4)]
    assert told == [[], [], [], ["raised packets-lost a.drops.ring-full/s"]]
    assert bench.alarms.all()[0].text == "packets are lost at 'a': a.drops.ring-full/s is 500"


def test_thresholds_are_kept_in_a_file(tmp_path: Path) -> None:
    first, other = Thresholds(tmp_path / "data"), Thresholds(tmp_path / "data")
    assert first.all() == list(BUILT_IN)
    first.put(FULL)
    assert other.all() == [*BUILT_IN, FULL]
    other.remove("memory")
    assert [item.id for item in first.all() if item.id == "memory"] == []
    mine = Threshold("memory", "memory_used", above=0.5)
    first.put(mine)
    assert other.all()[-1] == mine
    other.remove("full")
    with pytest.raises(UsageError, match=r"^no threshold 'full'; there are: failed, restarts, "):
        first.remove("full")
    file = tmp_path / "data" / "thresholds.json"
    for damaged in ("{", "[]", '{"thresholds": [1], "removed": []}', "[" * 100_000):
        file.write_text(damaged)
        with pytest.raises(WeftError, match="is not what was written there"):
            first.all()
        assert first.held() == list(BUILT_IN)
        with pytest.raises(WeftError, match="is not what was written there"):
            first.put(FULL)
    file.unlink()
    assert first.all() == other.all() == list(BUILT_IN)
    (tmp_path / "file").write_text("")
    with pytest.raises(WeftError, match=r"thresholds.json' cannot be read: Not a directory$"):
        Thresholds(tmp_path / "file").put(FULL)


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        (Threshold("a", "x"), "threshold 'a': allowed: one of above and below"),
        (Threshold("a", "x", 1, 1), "threshold 'a': allowed: one of above and below"),
        (
            Threshold("a", "x", 1, clear=2),
            "threshold 'a': clear is 2, which is above 1",
        ),
        (Threshold("a", "x", float("nan")), "threshold 'a': above is nan: allowed: a number"),
        (
            Threshold("a", "x\udcff", 1),
            "threshold 'a': series, function and text: allowed: text in UTF-8",
        ),
        (
            Threshold("a", "x", 1, for_s=-1),
            "threshold 'a': for_s and hold_s: allowed: 0 or more seconds",
        ),
        (
            Threshold("gone", "x", 1),
            "threshold 'gone': allowed: letters, digits and _ . -, 63 at most, the first a letter "
            "or digit, and not 'gone'",
        ),
    ],
)
def test_thresholds_that_make_no_sense(tmp_path: Path, threshold: Threshold, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Thresholds(tmp_path).put(threshold)
    assert caught.value.message == message
    assert list(tmp_path.iterdir()) == []
