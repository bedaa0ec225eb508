"""The steps of a plan, told to whoever watches them as they begin and when they are done."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BEGINS", "DONE", "Watch", "step", "unwatched"]

BEGINS = "begins"
DONE = "done"

Watch = Callable[[str, str], None]
"""Called with the name of a step, and `BEGINS` or `DONE`. What it raises fails the step."""


def unwatched(_step: str, _moment: str) -> None:
    """Watches nothing."""


@contextlib.contextmanager
def step(watch: Watch, name: str) -> Iterator[None]:
    """One step, between its begin and its end."""
    watch(name, BEGINS)
    yield
    watch(name, DONE)
