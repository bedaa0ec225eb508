"""A bar on the terminal that shows how far a campaign is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from weft.bench.campaign import Watcher

if TYPE_CHECKING:
    from weft.bench.campaign import Campaign

__all__ = ["ProgressBar"]


class ProgressBar(Watcher):
    """Repetitions done, of those there are at least; beyond these, what is not narrow enough yet.

    It draws only when it is told something: no thread disturbs what is measured.
    """

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(file=sys.stderr)
        self._progress = Progress(*columns, console=console, auto_refresh=False, transient=True)
        self._task = self._progress.add_task("starting", total=None)
        self._progress.start()

    def say(self, line: str) -> None:
        """Show the line in front of the bar."""
        self._progress.update(self._task, description=line[:70], refresh=True)

    def measured(self, campaign: Campaign) -> None:
        """Move on."""
        least = campaign.plan.repeat * len(campaign.series)
        done = sum(len(series.samples) for series in campaign.series.values())
        total = max(least, done + len(campaign.open))
        self._progress.update(self._task, description="measuring", completed=done, total=total)
        self._progress.refresh()

    def close(self) -> None:
        """Take the bar off the terminal."""
        self._progress.stop()
