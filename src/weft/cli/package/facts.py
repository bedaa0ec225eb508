"""A package as the commands show it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.model.catalogue import PackageFacts

__all__ = ["described"]


def described(facts: PackageFacts) -> dict[str, Any]:
    """Facts as plain data."""
    return asdict(facts) | {"interfaces": list(facts.interfaces), "pushed": _time(facts.pushed)}


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
