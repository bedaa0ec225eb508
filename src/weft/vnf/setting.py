"""New values for the parameters of a running function, and the handlers that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.package import parameter_values
from weft.vnf.parameters import check_values

if TYPE_CHECKING:
    from collections.abc import Collection

    from weft.model.change import Change
    from weft.model.function import FunctionFacts
    from weft.model.package import Package

__all__ = ["changed_values", "handlers_for"]


def changed_values(facts: FunctionFacts, new: Package, change: Change) -> dict[str, str]:
    """The value of every parameter after a change: as set, else as it was, else its default.

    UsageError tells of values that are not allowed, and, unless it still has to be configured, of
    those that are missing.
    """
    known = {parameter.name.lower(): parameter.name for parameter in new.parameters}
    had = {
        known[name.lower()]: text for name, text in facts.values.items() if name.lower() in known
    }
    given = {known.get(name.lower(), name): text for name, text in change.values}
    values = parameter_values(new, had | given, partial=bool(facts.missing))
    check_values(new, values)
    return values


def handlers_for(package: Package, names: Collection[str]) -> dict[str, str] | None:
    """The handler that takes each of these parameters; None where one has none."""
    found = {item.name: item.handler for item in package.parameters if item.name in names}
    if any(handler is None for handler in found.values()):
        return None
    return {name: handler for name, handler in found.items() if handler is not None}
