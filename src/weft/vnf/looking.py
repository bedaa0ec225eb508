"""Puts together what init, the engine and the components tell of a function at one time."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

from weft.errors import HandlerError, NotRunningError
from weft.model.look import (
    ComponentLook,
    ElementLook,
    InterfaceLook,
    Look,
    QueueLook,
    ValueLook,
)
from weft.vnf.control import ControlSocket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.function import ComponentStatus, FunctionStatus

__all__ = ["component_values", "engine_stats", "look_of"]

_COMPONENT = "Component"
# Components answer in their own time, and a look does not wait for that.
_VALUES_S = 1.0
# The engine counts bytes no shorter.
_LEAST_LEASE_S = 1.0


async def engine_stats(control: ControlSocket, byte_lease_s: float = 0.0) -> dict[str, Any]:
    """What the engine counts, of all elements at once.

    It counts the bytes of elements from then on for `byte_lease_s`, or as long as others want it.
    """
    lease = f"BYTES {max(byte_lease_s, _LEAST_LEASE_S):.3f}" if byte_lease_s > 0 else ""
    return dict(json.loads(await control.read("stats", lease)))


async def component_values(path: str, stats: Mapping[str, Any]) -> dict[str, float]:
    """The numbers that components tell of themselves, by handler; those of one that is silent are missing.

    Each is asked for all of its own at once, beside the others, over the control socket at `path`.
    """
    found = await asyncio.gather(
        *(
            _values_of(path, [f"{element['name']}.{value}" for value in values])
            for element in _elements(stats)
            if (values := element.get("figures", {}).get("values"))
        )
    )
    return {name: number for numbers in found for name, number in numbers.items()}


async def _values_of(path: str, handlers: Sequence[str]) -> dict[str, float]:
    try:
        async with asyncio.timeout(_VALUES_S), await ControlSocket.connect_unix(path) as control:
            answers = await control.read_each(handlers)
    except (NotRunningError, TimeoutError):
        return {}
    numbers = {}
    for handler, answer in zip(handlers, answers, strict=True):
        if not isinstance(answer, HandlerError) and (number := _number(answer)) is not None:
            numbers[handler] = number
    return numbers


def look_of(
    at_s: float,
    status: FunctionStatus,
    stats: Mapping[str, Any],
    values: Mapping[str, float] | None = None,
) -> Look:
    """A look, from the status, the engine's `stats`, and what components tell of themselves."""
    elements = {str(item["name"]): item for item in _elements(stats)}
    spent = [item.cpu_s or 0.0 for item in status.components]
    others = [item for item in elements.values() if item["class"] != _COMPONENT]
    return Look(
        at_s=at_s,
        state=status.state.value,
        engine_cpu_s=None if status.cpu_s is None else max(status.cpu_s - sum(spent), 0.0),
        memory_bytes=status.memory_bytes,
        restarts=status.restarts,
        components=tuple(
            _component(item, elements.get(item.name, {}), values or {})
            for item in status.components
        ),
        elements=tuple(_element(item) for item in others),
        interfaces=_interfaces(status, others),
        queues=tuple(queue for item in others if (queue := _queue(item)) is not None),
        cpu_s=status.cpu_s,
        cpu_limit=status.cpu_limit,
        memory_limit_bytes=status.memory_limit_bytes,
        uptime_s=status.uptime_s,
        frames_in_use=stats.get("frames_in_use"),
        errors=status.errors,
        bytes_since=since * 1e-9 if (since := stats.get("bytes_since_ns")) else None,
    )


def _elements(stats: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    elements: Sequence[Mapping[str, Any]] = stats.get("elements", ())
    return elements


def _element(item: Mapping[str, Any]) -> ElementLook:
    return ElementLook(
        name=str(item["name"]),
        kind=str(item["class"]),
        drops=_pairs(item["drops"]),
        packets_in=sum(item["inputs"]),
        packets_out=sum(item["outputs"]),
        bytes_in=_bytes(item.get("input_bytes")),
        bytes_out=_bytes(item.get("output_bytes")),
    )


def _bytes(ports: Sequence[int] | None) -> int | None:
    return None if ports is None else sum(ports)


def _queue(item: Mapping[str, Any]) -> QueueLook | None:
    figures = item.get("figures", {})
    if not {"length", "capacity", "highwater"} <= figures.keys():
        return None
    return QueueLook(
        str(item["name"]), figures["length"], figures["capacity"], figures["highwater"]
    )


def _interfaces(
    status: FunctionStatus, elements: Sequence[Mapping[str, Any]]
) -> tuple[InterfaceLook, ...]:
    """What the elements at each interface count; one that has no status is a capture file's."""
    links: dict[str, bool | None] = {item.name: item.link for item in status.interfaces}
    at: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for item in elements:
        name = item.get("figures", {}).get("interface")
        if name is not None:
            links.setdefault(name, None)
            side = "in" if item["class"].startswith("From") else "out"
            at.setdefault((name, side), []).append(item)
    found = []
    for name, link in links.items():
        come, go = at.get((name, "in"), []), at.get((name, "out"), [])
        found.append(
            InterfaceLook(
                name=name,
                link=link,
                packets_in=_sum(come, "packets"),
                packets_out=_sum(go, "packets"),
                bytes_in=_sum(come, "bytes"),
                bytes_out=_sum(go, "bytes"),
                drops_in=_drops(come),
                drops_out=_drops(go),
            )
        )
    return tuple(found)


def _sum(elements: Sequence[Mapping[str, Any]], figure: str) -> int:
    return sum(int(item["figures"][figure]) for item in elements)


def _drops(elements: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for item in elements:
        for reason, count in _pairs(item["drops"]):
            counts[reason] = counts.get(reason, 0) + count
    return tuple(counts.items())


def _component(
    status: ComponentStatus, element: Mapping[str, Any], values: Mapping[str, float]
) -> ComponentLook:
    figures = element.get("figures", {})

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
        drops=_pairs(element.get("drops", {})),
        memory_limit_bytes=status.memory_limit_bytes,
        values=tuple(
            ValueLook(str(name), str(unit), values.get(f"{status.name}.{name}"))
            for name, (_, unit) in figures.get("values", {}).items()
        ),
    )


def _number(answer: bytes) -> float | None:
    try:
        number = float(answer)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _pairs(drops: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((str(reason), int(count)) for reason, count in drops.items())
