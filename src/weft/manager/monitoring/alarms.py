"""Alarms: raised and cleared as series cross thresholds, acknowledged by people."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from fnmatch import translate
from re import compile as compile_pattern
from typing import TYPE_CHECKING
from uuid import uuid4

from weft.errors import UsageError
from weft.manager.monitoring.thresholds import GONE
from weft.model.monitoring import Alarm, AlarmEvent, Change, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft.model.monitoring import Threshold

__all__ = ["Alarms", "Watched", "chosen"]

MOST_ACTIVE = 1000
MOST_CLEARED = 200
# A series that is measured no more has nothing wrong with it that anybody could tell.
_SILENT_S = 30.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A function that thresholds are applied to."""

    uuid: str
    name: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Watch:
    """How a series stands to a threshold."""

    seen_s: float
    beyond_s: float | None = None
    back_s: float | None = None
    alarm: str | None = None


def chosen(selector: str, function: Watched) -> bool:
    """Whether a threshold's `function` means this one: by name, glob, or label."""
    key, equals, value = selector.partition("=")
    if equals:
        return (key, value) in function.labels
    return bool(compile_pattern(translate(selector)).match(function.name))


class Alarms:
    """Those there are, and the last that were cleared."""

    def __init__(self, tell: Callable[[AlarmEvent], None] = lambda _event: None) -> None:
        """`tell` is called with every change, and must not wait."""
        self._tell = tell
        self._active: dict[str, Alarm] = {}
        self._cleared: deque[Alarm] = deque(maxlen=MOST_CLEARED)
        self._gone: deque[str] = deque(maxlen=MOST_ACTIVE)
        self._watches: dict[tuple[str, str, str], _Watch] = {}
        self._matching: dict[str, tuple[list[str], dict[str, list[str]]]] = {}
        """By UUID: the series there were, and those of them that globs mean."""

    def all(self) -> list[Alarm]:
        """Those there are, worst and oldest first, then those that were cleared, latest first."""
        order = list(Severity)
        active = sorted(
            self._active.values(), key=lambda item: (order.index(item.severity), item.raised_s)
        )
        return [*active, *reversed(self._cleared)]

    def acknowledge(self, name: str, now_s: float) -> Alarm:
        """Somebody has seen it; `name` is its id or the start of it. What is gone for good is cleared."""
        alarm = self._find(name)
        if alarm.acknowledged_s is None:
            alarm = self._change(
                replace(alarm, acknowledged_s=now_s, changed_s=now_s), Change.ACKNOWLEDGED
            )
        if alarm.threshold == GONE and alarm.cleared_s is None:
            alarm = self._clear(alarm, now_s)
        return alarm

    def judge(
        self,
        function: Watched,
        thresholds: Sequence[Threshold],
        values: Mapping[str, float],
        now_s: float,
    ) -> None:
        """Hold what was measured of a function against the thresholds."""
        names = list(values)
        known, matching = self._matching.get(function.uuid, ([], {}))
        if known != names:
            matching = {}
            self._matching[function.uuid] = (names, matching)
        for threshold in thresholds:
            if not chosen(threshold.function, function):
                continue
            if threshold.series not in matching:
                matching[threshold.series] = _meant(threshold.series, names)
            for series in matching[threshold.series]:
                key = (function.uuid, threshold.id, series)
                watch = self._watches.setdefault(key, _Watch(now_s))
                watch.seen_s = now_s
                self._hold_against(watch, function, threshold, series, values[series], now_s)

    def settle(self, thresholds: Sequence[Threshold], now_s: float) -> None:
        """Clear the alarms of thresholds that are gone, and of what is measured no more."""
        there = {threshold.id for threshold in thresholds}
        for key, watch in list(self._watches.items()):
            if key[1] not in there or watch.seen_s < now_s - _SILENT_S:
                self._end(key, now_s)

    def gone(self, function: Watched, now_s: float) -> None:
        """Its processes ended without anybody's doing; whoever tells it again is not heard."""
        if function.uuid in self._gone:
            return
        self._gone.append(function.uuid)
        self.removed(function.uuid, now_s)
        text = "its processes are gone; run it again"
        self._raise(GONE, function, "", Severity.CRITICAL, text, None, now_s)

    def removed(self, uuid: str, now_s: float) -> None:
        """The function was turned off."""
        for key in [key for key in self._watches if key[0] == uuid]:
            self._end(key, now_s)
        self._matching.pop(uuid, None)

    def came(self, name: str, now_s: float) -> None:
        """A function of that name runs: what was said of one that is gone is past."""
        for alarm in list(self._active.values()):
            if alarm.threshold == GONE and alarm.function == name:
                self._clear(alarm, now_s)

    def _hold_against(
        self,
        watch: _Watch,
        function: Watched,
        threshold: Threshold,
        series: str,
        value: float,
        now_s: float,
    ) -> None:
        if threshold.is_beyond(value):
            watch.back_s = None
            watch.beyond_s = now_s if watch.beyond_s is None else watch.beyond_s
            if watch.alarm is None and now_s - watch.beyond_s >= threshold.for_s:
                text = _text(threshold, series, value)
                watch.alarm = self._raise(
                    threshold.id, function, series, threshold.severity, text, value, now_s
                )
        else:
            watch.beyond_s = None
        if watch.alarm is not None:
            if not threshold.is_back(value):
                watch.back_s = None
                return
            watch.back_s = now_s if watch.back_s is None else watch.back_s
            if now_s - watch.back_s >= threshold.hold_s:
                self._clear(self._active[watch.alarm], now_s)
                watch.alarm = watch.back_s = None

    def _raise(
        self,
        threshold: str,
        function: Watched,
        series: str,
        severity: Severity,
        text: str,
        value: float | None,
        now_s: float,
    ) -> str | None:
        """The id of a new alarm; None where there are too many to be of use."""
        if len(self._active) >= MOST_ACTIVE:
            return None
        alarm = Alarm(
            id=str(uuid4()),
            function=function.name,
            uuid=function.uuid,
            threshold=threshold,
            series=series,
            severity=severity,
            text=text,
            value=value,
            raised_s=now_s,
            changed_s=now_s,
        )
        return self._change(alarm, Change.RAISED).id

    def _end(self, key: tuple[str, str, str], now_s: float) -> None:
        watch = self._watches.pop(key)
        if watch.alarm is not None:
            self._clear(self._active[watch.alarm], now_s)

    def _clear(self, alarm: Alarm, now_s: float) -> Alarm:
        del self._active[alarm.id]
        alarm = replace(alarm, cleared_s=now_s, changed_s=now_s)
        self._cleared.append(alarm)
        self._tell(AlarmEvent(Change.CLEARED, alarm))
        return alarm

    def _change(self, alarm: Alarm, change: Change) -> Alarm:
        if alarm.cleared_s is None:
            self._active[alarm.id] = alarm
        else:
            self._cleared = deque(
                (alarm if item.id == alarm.id else item for item in self._cleared),
                maxlen=MOST_CLEARED,
            )
        self._tell(AlarmEvent(change, alarm))
        return alarm

    def _find(self, name: str) -> Alarm:
        near = [item for item in self.all() if name and item.id.startswith(name)]
        if len(near) != 1:
            several = "more than one alarm begins with" if near else "no alarm"
            raise UsageError(f"{several} '{name}'", hint="`weft alarm list` lists them")
        return near[0]


def _meant(series: str, names: Sequence[str]) -> list[str]:
    """The series that a threshold means: names or globs, with commas between them."""
    patterns = [compile_pattern(translate(item.strip())) for item in series.split(",")]
    return [name for name in names if any(pattern.match(name) for pattern in patterns)]


def _text(threshold: Threshold, series: str, value: float) -> str:
    subject = series.rpartition(".")[0]
    for drops in (".drops", ".drops_in", ".drops_out"):
        subject = subject.removesuffix(drops)
    text = threshold.text or "{series} is {value}, {condition}"
    for name, told in (
        ("{series}", series),
        ("{subject}", subject),
        ("{value}", f"{value:.4g}"),
        ("{condition}", threshold.condition),
    ):
        text = text.replace(name, told)
    return text
