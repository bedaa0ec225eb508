"""What a function's processes have said: lines, and which of them are asked for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LogLine", "LogRequest"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log.

    `at_s` is Unix time, in seconds; None of what process 1 said before it kept the log. `source` is
    `init`, `engine`, or the name of a component. `level` is None where the line tells none.
    """

    at_s: float | None
    source: str
    level: str | None
    text: str


@dataclass(frozen=True, slots=True)
class LogRequest:
    """Which lines: the last `lines` (None: all) of those since a Unix time and of these sources.

    Without sources those of all. `follow` adds those that come, until the function is gone.
    """

    lines: int | None = None
    follow: bool = False
    since_s: float | None = None
    sources: tuple[str, ...] = ()

    def wants(self, line: LogLine) -> bool:
        """Whether the line is one that is asked for; without a time it is taken as an early one."""
        late = self.since_s is None or (line.at_s is not None and line.at_s >= self.since_s)
        return late and (not self.sources or line.source in self.sources)
