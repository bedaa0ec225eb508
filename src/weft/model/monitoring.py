"""What is watched of functions over time: series, thresholds, and the alarms they raise."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Alarm",
    "AlarmEvent",
    "Change",
    "Series",
    "Severity",
    "Threshold",
    "Track",
]


class Severity(StrEnum):
    """How bad it is, after ITU-T X.733 as ETSI GS NFV-SOL 003 has it, worst first."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class Change(StrEnum):
    """What has happened to an alarm."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Series:
    """Something that is kept of a function over time, by its name.

    A counter only grows; `NAME/s` is how fast.
    """

    name: str
    is_counter: bool
    unit: str
    help: str


@dataclass(frozen=True, slots=True)
class Track:
    """A series from `start_s` (Unix time) on, a value every `step_s`; None is a gap."""

    function: str
    series: Series
    start_s: float
    step_s: float
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Raises an alarm when a series has been above, or below, a value for some time.

    `function` is a name, a glob, or a label `KEY=VALUE`; `series` are names or globs with commas
    between them, each of which has an alarm of its own. The alarm is cleared once the series has been
    back at `clear`, which is the value itself where it is None, for `hold_s`.
    """

    id: str
    series: str
    above: float | None = None
    below: float | None = None
    for_s: float = 0.0
    clear: float | None = None
    hold_s: float = 0.0
    severity: Severity = Severity.MINOR
    function: str = "*"
    text: str = ""

    def is_beyond(self, value: float) -> bool:
        """Whether the value is one to raise an alarm for."""
        if self.above is not None:
            return value > self.above
        return self.below is not None and value < self.below

    def is_back(self, value: float) -> bool:
        """Whether the value is one to clear the alarm for."""
        if self.clear is None:
            return not self.is_beyond(value)
        return value <= self.clear if self.above is not None else value >= self.clear

    @property
    def condition(self) -> str:
        """What has to be so of a series."""
        beyond = f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"
        return beyond + (f" for {self.for_s:g} s" if self.for_s else "")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong with a function, or was. Times are Unix times, in seconds."""

    id: str
    function: str
    uuid: str
    threshold: str
    series: str
    severity: Severity
    text: str
    value: float | None
    raised_s: float
    changed_s: float
    cleared_s: float | None = None
    acknowledged_s: float | None = None


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """A change of an alarm, and the alarm as it is since."""

    change: Change
    alarm: Alarm
