"""Commands that change one function: a signal calls the change off, and what was begun is undone."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any

from weft.cli.output import show_facts
from weft.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from weft.model.change import ChangePlan

__all__ = ["assignment", "run_change", "show_plan"]


def assignment(option: str, text: str) -> tuple[str, str]:
    """NAME=VALUE in its halves."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{option}{text}: not understood; allowed: NAME=VALUE")
    return name, value


def run_change(change: Coroutine[Any, Any, int]) -> int:
    """Run it; SIGINT, SIGTERM and SIGHUP call it off, once."""
    return asyncio.run(_watched(change))


async def _watched(change: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    signals: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        if not signals:  # a second one must not disturb the way back
            task.cancel()
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupt, number)
    try:
        return await change
    except asyncio.CancelledError:
        return 128 + signals[0] if signals else 1


def show_plan(name: str, plan: ChangePlan, form: str, *, planned: bool) -> None:
    """What a change does, or has done, to a function."""
    described: dict[str, Any] = {
        "name": name,
        "outcome": "planned" if planned else "changed",
        "version": plan.version,
        "values": dict(plan.values),
        "by": "handlers" if plan.by_handlers else "a swap of the graph",
        "started": list(plan.started),
        "kept": list(plan.kept),
        "replaced": list(plan.replaced),
        "ended": list(plan.ended),
    }
    if form != "table":
        described["graph"] = plan.graph
    show_facts(described, form)
