"""A function as the commands show it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weft.model.function import ComponentStatus, FunctionFacts, FunctionStatus

__all__ = ["COMPONENT_COLUMNS", "describe"]

COMPONENT_COLUMNS = ("name", "state", "pid", "restarts", "cpu_s", "memory_mib", "last_end")


def describe(facts: FunctionFacts, status: FunctionStatus) -> dict[str, Any]:
    """Facts and status as plain data, with units in the names."""
    return {
        "name": facts.name,
        "uuid": str(facts.uuid),
        "project": facts.project,
        "state": status.state.value,
        "package": f"{facts.package} {facts.version}",
        "digest": facts.digest,
        "labels": facts.labels,
        "sandbox": facts.sandbox_kind,
        "interfaces": facts.interfaces,
        "links": facts.links,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(facts.created)),
        "pid": status.pid,
        "engine_pid": status.engine_pid,
        "restarts": status.restarts,
        "uptime_s": status.uptime_s,
        "memory_bytes": status.memory_bytes,
        "memory_mib": _mib(status.memory_bytes),
        "memory_limit_bytes": status.memory_limit_bytes,
        "cpu_s": status.cpu_s,
        "cpu_limit": status.cpu_limit,
        "limits": status.limits,
        "errors": list(status.errors),
        "components": [_describe_component(component) for component in status.components],
    }


def _describe_component(status: ComponentStatus) -> dict[str, Any]:
    return {
        "name": status.name,
        "key": status.key,
        "state": status.state,
        "pid": status.pid,
        "restarts": status.restarts,
        "cpu_s": status.cpu_s,
        "memory_bytes": status.memory_bytes,
        "memory_mib": _mib(status.memory_bytes),
        "last_end": status.last_end,
    }


def _mib(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else size_bytes / 2**20
