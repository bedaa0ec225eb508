"""What commands that change one function have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.cli.output import show_facts
from weft.errors import UsageError

if TYPE_CHECKING:
    from weft.model.change import ChangePlan

__all__ = ["assignment", "show_plan"]


def assignment(option: str, text: str) -> tuple[str, str]:
    """NAME=VALUE in its halves."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"{option}{text}: not understood; allowed: NAME=VALUE")
    return name, value


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
