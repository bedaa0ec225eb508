"""Puts together what init, the engine and the components tell of a function at one time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.model.look import ComponentLook, ElementLook, Look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.model.function import ComponentStatus, FunctionStatus

__all__ = ["look_of"]


def look_of(
    at_s: float,
    status: FunctionStatus,
    stats: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Any]],
) -> Look:
    """A look, from the status, the engine's `stats`, and the `figures` of each component's element."""
    drops = {str(item["name"]): _pairs(item["drops"]) for item in stats.get("elements", [])}
    spent = [item.cpu_s or 0.0 for item in status.components]
    return Look(
        at_s=at_s,
        state=status.state.value,
        engine_cpu_s=None if status.cpu_s is None else max(status.cpu_s - sum(spent), 0.0),
        memory_bytes=status.memory_bytes,
        restarts=status.restarts,
        components=tuple(
            _component(item, figures.get(item.name, {}), drops.get(item.name, ()))
            for item in status.components
        ),
        elements=tuple(
            ElementLook(str(item["name"]), str(item["class"]), _pairs(item["drops"]))
            for item in stats.get("elements", [])
            if item["drops"] and item["class"] != "Component"
        ),
    )


def _component(
    status: ComponentStatus, figures: Mapping[str, Any], drops: tuple[tuple[str, int], ...]
) -> ComponentLook:
    def figure(name: str) -> int:
        return int(figures.get(name, 0))

    return ComponentLook(
        name=status.name,
        key=status.key,
        state=status.state,
        pid=status.pid,
        restarts=status.restarts,
        last_end=status.last_end,
        cpu_s=status.cpu_s,
        memory_bytes=status.memory_bytes,
        packets_in=figure("packets_offered"),
        packets_out=figure("packets_returned"),
        bytes_in=figure("bytes_in"),
        bytes_out=figure("bytes_out"),
        batches_in=figure("batches_offered"),
        batches_out=figure("batches_returned"),
        in_flight=figure("in_flight"),
        waiting=figure("waiting"),
        capacity=figure("capacity"),
        full=figure("full"),
        latency_p50_ns=figure("latency_p50_ns"),
        latency_p99_ns=figure("latency_p99_ns"),
        drops=drops,
    )


def _pairs(drops: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((str(reason), int(count)) for reason, count in drops.items())
