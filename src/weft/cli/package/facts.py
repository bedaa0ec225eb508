"""A package as the commands show it."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.model.catalogue import PackageFacts

__all__ = ["NOT_RUNNABLE", "described", "show_parts"]

NOT_RUNNABLE = 3
"""The exit status where a package is taken of which nothing can be run."""


def described(facts: PackageFacts) -> dict[str, Any]:
    """Facts as plain data."""
    lists = {"interfaces": list(facts.interfaces), "parts": [asdict(part) for part in facts.parts]}
    return asdict(facts) | lists | {"pushed": _time(facts.pushed)}


def show_parts(facts: PackageFacts) -> None:
    """The report on a package that was made for another system: a line for each part."""
    if facts.parts:
        print()
    for part in facts.parts:
        size = f" ({part.size_bytes} bytes)" if part.size_bytes else ""
        print(f"{'runs' if part.runs else 'not'}  {part.kind} {part.name}{size}: {part.told}")


def _time(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(seconds))
