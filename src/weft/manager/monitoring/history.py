"""What has been measured of functions lately, in bounded memory.

A series is kept at 1 s for 5 minutes, and at 10 s for an hour: 6 KiB. There are at most 256 of a
function, and 8192 in all, so 48 MiB; what comes beyond is counted and left out. A function that is
gone is remembered for an hour.
"""

from __future__ import annotations

import math
from array import array
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

from weft.errors import UsageError
from weft.manager.monitoring.points import series_of
from weft.model.monitoring import Series, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weft.manager.monitoring.points import Point

__all__ = [
    "BYTES_OF_SERIES",
    "KEPT_S",
    "MOST_SERIES",
    "MOST_SERIES_OF_ONE",
    "FunctionHistory",
    "History",
]

_FINE_S, _FINE = 1, 300
_COARSE_S, _COARSE = 10, 360
KEPT_S = _COARSE_S * _COARSE
"""How far back the history goes."""
MOST_SERIES_OF_ONE = 256
MOST_SERIES = 8192
BYTES_OF_SERIES = 6 * 1024
"""A series with all that belongs to it takes no more."""
_GRAINS = _COARSE_S // _FINE_S
_NONE = math.nan
_RATE = "/s"
# Processor time is spoken of as cores: `cpu` is `cpu_s/s`.
_CPU, _CPU_RATE = "cpu", "cpu_s/s"


class _Table:
    """The last values of all series of a function: a row for each step of a clock, with a place for each.

    What was not measured is NaN. Rows are written at once, for there are many series.
    """

    __slots__ = ("_count", "_newest", "_values", "_width")

    def __init__(self, count: int) -> None:
        self._count = count
        self._width = 0
        self._values = array("d")
        self._newest = -1

    def put(self, step: int, row: Sequence[float]) -> None:
        """Set the row of a step; those of steps that were passed over are empty."""
        if len(row) > self._width:
            self._widen(len(row))
        if step > self._newest:
            if self._newest >= 0:
                for missed in range(max(self._newest + 1, step - self._count + 1), step):
                    self._set(missed, [_NONE] * self._width)
            self._newest = step
        if self._has(step):
            self._set(step, row)

    def _widen(self, width: int) -> None:
        former, more = self._width, array("d", [_NONE]) * (width - self._width)
        values = array("d")
        for row in range(self._count):
            values += self._values[row * former : (row + 1) * former]
            values += more
        self._values, self._width = values, width

    def _set(self, step: int, row: Sequence[float]) -> None:
        at = step % self._count * self._width
        self._values[at : at + len(row)] = array("d", row)

    def _has(self, step: int) -> bool:
        return self._newest - self._count < step <= self._newest

    def rows(self, first: int, count: int) -> list[array[float]]:
        """Those of `count` steps, from the step numbered `first` on, but for those not known any more."""
        width = self._width
        starts = [
            step % self._count * width for step in range(first, first + count) if self._has(step)
        ]
        return [self._values[at : at + width] for at in starts]

    def values(self, place: int, first: int, count: int) -> list[float]:
        """What stands at a place in `count` steps, from the step numbered `first` on."""
        return [self._value(place, step) for step in range(first, first + count)]

    def _value(self, place: int, step: int) -> float:
        is_there = place < self._width and self._has(step)
        return self._values[step % self._count * self._width + place] if is_there else _NONE


class _Kept:
    """A series that is kept, at a place in rows. A counter that begins anew goes on from where it was."""

    __slots__ = ("last", "last_s", "offset", "place", "rates", "raw", "series")

    def __init__(self, series: Series, place: int) -> None:
        self.series = series
        self.place = place
        self.rates = _rate_names(series)
        self.last_s = -1.0
        self.last = self.raw = self.offset = 0.0

    def count(self, at_s: float, value: float) -> tuple[float, float | None]:
        """A counter's sum, and how fast it has grown since the last value."""
        if value < self.raw:
            self.offset += self.raw
        self.raw = value
        value += self.offset
        last, last_s = self.last, self.last_s
        self.last, self.last_s = value, at_s
        return value, (value - last) / (at_s - last_s) if 0 <= last_s < at_s else None

    def one_of(self, values: Sequence[float]) -> float:
        """The mean of a gauge, the last of a counter; of those that are known."""
        if self.rates and not math.isnan(values[-1]):
            return values[-1]
        known = [value for value in values if not math.isnan(value)]
        if not known:
            return _NONE
        return known[-1] if self.rates else sum(known) / len(known)


class FunctionHistory:
    """What has been measured of one function."""

    def __init__(self, name: str, room: _Room) -> None:
        self.name = name
        self.first_s = math.inf
        self.last_s = 0.0
        self.left_out = 0
        """Series that there is no room for, when last measured."""
        self._room = room
        self._kept: dict[str, _Kept] = {}
        self._found: dict[tuple[str, str, str], _Kept | None] = {}
        """By what a point is of; None where another has the name."""
        self._fine = _Table(_FINE)
        self._coarse = _Table(_COARSE)
        self._step = -1
        """The coarse step that is not over yet."""

    def put(self, at_s: float, points: Iterable[Point]) -> dict[str, float]:
        """Keep what was measured; gives the values by series, the rates of counters among them."""
        self.first_s = min(self.first_s, at_s)
        self.last_s = at_s
        self.left_out = 0
        now: dict[str, float] = {}
        row = [_NONE] * len(self._kept)
        for point in points:
            measure, subject, detail, value = point
            key = (measure.metric, subject, detail)
            kept = self._found.get(key)
            if kept is None:
                kept = self._keep(key, point)
                if kept is None:
                    continue
                row.append(_NONE)
            now[kept.series.name] = value
            if kept.rates:
                value, rate = kept.count(at_s, value)
                if rate is not None:
                    for name in kept.rates:
                        now[name] = rate
            row[kept.place] = value
        self._put_row(at_s, row)
        return now

    def _put_row(self, at_s: float, row: list[float]) -> None:
        step = int(at_s // _COARSE_S)
        if step != self._step:
            if self._step >= 0:
                self._coarse.put(self._step, self._coarse_row(self._step))
            self._step = step
        self._fine.put(int(at_s // _FINE_S), row)

    def _coarse_row(self, step: int) -> list[float]:
        """The row of a coarse step, from what is kept finely."""
        columns = zip(*self._fine.rows(step * _GRAINS, _GRAINS), strict=True)
        return [
            kept.one_of(column) for kept, column in zip(self._kept.values(), columns, strict=False)
        ]

    def _keep(self, key: tuple[str, str, str], point: Point) -> _Kept | None:
        """What keeps a point that is new; None where another has its name, or there is no room."""
        name = point.series
        if key in self._found or name in self._kept:
            self._found[key] = None
            return None
        if len(self._kept) >= MOST_SERIES_OF_ONE or not self._room.take():
            self.left_out += 1
            return None
        kept = self._kept[name] = self._found[key] = _Kept(series_of(point), len(self._kept))
        return kept

    def close(self) -> None:
        """Give the room back."""
        self._room.give(len(self._kept))
        self._kept.clear()
        self._found.clear()

    def series(self) -> list[Series]:
        """What is kept, and what can be asked for besides."""
        found = []
        for kept in self._kept.values():
            found.append(kept.series)
            if kept.series.is_counter:
                found.append(_rate_of(kept.series))
        return found

    def track(
        self, name: str, now_s: float, start_s: float | None = None, step_s: float | None = None
    ) -> Track:
        """A series from `start_s` until now, or from its beginning where that is later.

        UsageError where there is no such series or step.
        """
        kept, is_rate = self._find(name)
        if start_s is not None and not math.isfinite(start_s):
            raise UsageError(f"from {start_s}: allowed: a Unix time, in seconds")
        start_s = now_s - 60.0 if start_s is None else max(start_s, now_s - KEPT_S)
        start_s = max(start_s, min(self.first_s, now_s))
        step = _step(now_s - start_s, step_s)
        first_s = start_s // step * step
        count = max(int((now_s - first_s) // step) + 1, 1)
        series = kept.series
        if is_rate:
            values = self._values(kept, first_s - step, step, count + 1)
            values = [_rate(*pair, step) for pair in pairwise(values)]
            series = _rate_of(series)
        else:
            values = self._values(kept, first_s, step, count)
        return Track(self.name, series, first_s, float(step), tuple(values))

    def _values(self, kept: _Kept, first_s: float, step_s: int, count: int) -> list[float | None]:
        """A value for each of `count` steps; None where nothing was measured."""
        if step_s < _COARSE_S:
            found = self._fine.values(
                kept.place, int(first_s // _FINE_S), count * step_s // _FINE_S
            )
        else:
            first, grains = int(first_s // _COARSE_S), count * step_s // _COARSE_S
            found = self._coarse.values(kept.place, first, grains)
            if first <= self._step < first + grains:
                fine = self._fine.values(kept.place, self._step * _GRAINS, _GRAINS)
                found[self._step - first] = kept.one_of(fine)
        grains = len(found) // count
        values = (kept.one_of(found[at : at + grains]) for at in range(0, len(found), grains))
        return [None if math.isnan(value) else value for value in values]

    def _find(self, name: str) -> tuple[_Kept, bool]:
        whole = name
        if name == _CPU or name.endswith(f".{_CPU}"):
            whole = name.removesuffix(_CPU) + _CPU_RATE
        is_rate = whole.endswith(_RATE)
        kept = self._kept.get(whole.removesuffix(_RATE))
        if kept is None:
            known = sorted(self._kept)
            near = get_close_matches(name, known, n=3) or known[:3]
            raise UsageError(
                f"'{self.name}' has no series '{name}'; near: {', '.join(near) or 'none'}",
                hint=f"`weft history {self.name}` lists them" + _why_not(whole),
            )
        if is_rate and not kept.series.is_counter:
            raise UsageError(
                f"'{kept.series.name}' is no counter and has no rate",
                hint=f"`weft history {self.name} {kept.series.name}`",
            )
        return kept, is_rate


class _Room:
    """How many more series there may be."""

    def __init__(self) -> None:
        self._left = MOST_SERIES

    def take(self) -> bool:
        if self._left == 0:
            return False
        self._left -= 1
        return True

    def give(self, count: int) -> None:
        self._left += count


class History:
    """What has been measured of all functions, by UUID."""

    def __init__(self) -> None:
        self._functions: dict[str, FunctionHistory] = {}
        self._room = _Room()

    def put(self, uuid: str, name: str, at_s: float, points: Iterable[Point]) -> dict[str, float]:
        """Keep what was measured of a function; gives the values by series."""
        function = self._functions.get(uuid)
        if function is None:
            function = self._functions[uuid] = FunctionHistory(name, self._room)
        return function.put(at_s, points)

    def of(self, uuid: str) -> FunctionHistory | None:
        """The history of a function, if it has any."""
        return self._functions.get(uuid)

    def last_of(self, name: str) -> str | None:
        """The UUID of the function that had that name last, be it gone."""
        found = [(item.last_s, uuid) for uuid, item in self._functions.items() if item.name == name]
        return max(found)[1] if found else None

    def forget_old(self, now_s: float) -> None:
        """Forget functions of which nothing was measured as long as the history goes back."""
        for uuid, function in list(self._functions.items()):
            if function.last_s < now_s - KEPT_S:
                function.close()
                del self._functions[uuid]


def _why_not(name: str) -> str:
    if not name.removesuffix(_RATE).endswith((".bytes_in", ".bytes_out")):
        return ""
    return "; those of an element are there while they are counted: `weft serve --element-bytes`"


def _rate_names(series: Series) -> tuple[str, ...]:
    if not series.is_counter:
        return ()
    rate = series.name + _RATE
    return (rate, series.name.removesuffix("_s")) if rate.endswith(_CPU_RATE) else (rate,)


def _rate_of(series: Series) -> Series:
    unit = "cores" if series.name.endswith("cpu_s") else f"{series.unit or '1'}/s"
    return Series(series.name + _RATE, False, unit, series.help)


def _rate(before: float | None, after: float | None, step_s: float) -> float | None:
    return None if before is None or after is None else (after - before) / step_s


def _step(span_s: float, wanted_s: float | None) -> int:
    """The step, in whole seconds: as fine as it is kept and, unless asked for, 60 values at most."""
    if wanted_s is not None and not 1 <= wanted_s <= KEPT_S:
        raise UsageError(f"a step of {wanted_s:g} s: allowed: 1 s to {KEPT_S} s")
    step = math.ceil(wanted_s if wanted_s is not None else span_s / 60)
    if span_s > _FINE_S * _FINE or step >= _COARSE_S:
        step = math.ceil(step / _COARSE_S) * _COARSE_S
    return max(step, 1)
