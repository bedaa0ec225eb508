"""A function as the commands show it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.model.function import FunctionFacts, FunctionStatus

__all__ = ["describe"]


def describe(facts: FunctionFacts, status: FunctionStatus) -> dict[str, Any]:
    """Facts and status as plain data, with units in the names."""
    memory = status.memory_bytes
    return {
        "name": facts.name,
        "uuid": str(facts.uuid),
        "project": facts.project,
        "state": status.state.value,
        "package": f"{facts.package} {facts.version}",
        "sandbox": facts.sandbox_kind,
        "interfaces": facts.interfaces,
        "links": facts.links,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(facts.created)),
        "pid": status.pid,
        "engine_pid": status.engine_pid,
        "restarts": status.restarts,
        "uptime_s": status.uptime_s,
        "memory_bytes": memory,
        "memory_mib": None if memory is None else memory / 2**20,
        "cpu_s": status.cpu_s,
        "limits": status.limits,
        "errors": list(status.errors),
    }
