"""What happened between two looks at a function, as rows that commands show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from weft.model.look import drop_rates, share

if TYPE_CHECKING:
    from weft.model.function import FunctionFacts
    from weft.model.look import ComponentLook, ElementLook, InterfaceLook, Look, QueueLook

__all__ = [
    "FIGURE_COLUMNS",
    "INTERFACE_COLUMNS",
    "QUEUE_COLUMNS",
    "RATE_COLUMNS",
    "figures",
    "interfaces",
    "queues",
    "rates",
]

FIGURE_COLUMNS = (
    *(
        "name",
        "packets_in",
        "packets_out",
        "bytes_in",
        "bytes_out",
        "ring",
        "batch_in",
        "batch_out",
    ),
    *("p50_us", "p99_us", "drops"),
)
INTERFACE_COLUMNS = (
    *("name", "link", "packets_in", "packets_out", "bytes_in", "bytes_out"),
    *("drops_in", "drops_out"),
)
QUEUE_COLUMNS = ("name", "length", "capacity", "highwater")
RATE_COLUMNS = (
    *("name", "state", "in_pps", "out_pps", "in_mbps", "out_mbps", "cpu", "ring", "batch_in"),
    *("p50_us", "p99_us", "memory_mib", "memory_used", "restarts", "drops_per_s"),
)


def figures(look: Look) -> list[dict[str, Any]]:
    """What is counted of each component since the function's start."""
    return [
        {
            "name": item.name,
            "packets_in": item.packets_in,
            "packets_out": item.packets_out,
            "bytes_in": item.bytes_in,
            "bytes_out": item.bytes_out,
            **_ring(item),
            "batch_in": _ratio(item.packets_in, item.batches_in),
            "batch_out": _ratio(item.packets_out, item.batches_out),
            **_latency(item),
            "drops": dict(item.drops),
        }
        for item in look.components
    ]


def interfaces(look: Look) -> list[dict[str, Any]]:
    """What the function has taken from each interface and given to it, since its start."""
    return [
        {
            "name": item.name,
            "link": _link(item),
            "packets_in": item.packets_in,
            "packets_out": item.packets_out,
            "bytes_in": item.bytes_in,
            "bytes_out": item.bytes_out,
            "drops_in": dict(item.drops_in),
            "drops_out": dict(item.drops_out),
        }
        for item in look.interfaces
    ]


def queues(look: Look) -> list[dict[str, Any]]:
    """How full each queue is and was."""
    return [
        {
            "name": item.name,
            "length": item.length,
            "capacity": item.capacity,
            "highwater": item.highwater,
        }
        for item in look.queues
    ]


def rates(
    facts: FunctionFacts, before: Look, after: Look, *, elements: bool = False
) -> list[dict[str, Any]]:
    """A row for the function and one for each of its parts; a part that is new has no rates.

    `cpu` is in processors and `memory_used` a part of the limit, as in the history. With `elements`
    each element of the graph is a part, too.
    """
    elapsed_s = after.at_s - before.at_s
    former = {item.key: item for item in before.components}
    engine = share(before.engine_cpu_s, after.engine_cpu_s, elapsed_s)
    rows: list[dict[str, Any]] = [
        {
            "function": facts.name,
            "kind": "function",
            "name": facts.name,
            "state": after.state,
            "cpu": engine,
            "memory_mib": _mib(after.memory_bytes),
            "memory_used": _part(after.memory_bytes, after.memory_limit_bytes),
            "restarts": after.restarts,
            "drops_per_s": _element_drops(before, after, elapsed_s),
        }
    ]
    known = {item.name: item for item in before.interfaces}
    parts = [_interface(known.get(item.name), item, elapsed_s) for item in after.interfaces]
    parts += [_component(former.get(item.key), item, elapsed_s) for item in after.components]
    parts += [_queue(item) for item in after.queues if item.length]
    if elements:
        parts += _elements(before, after, elapsed_s)
    return rows + [{"function": facts.name, **part} for part in parts]


def _queue(look: QueueLook) -> dict[str, Any]:
    ring = f"{look.length}/{look.capacity}"
    return {"kind": "queue", "name": look.name, "state": "queue", "ring": ring}


def _interface(
    before: InterfaceLook | None, after: InterfaceLook, elapsed_s: float
) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": "interface", "name": after.name, "state": _link(after)}
    if before is None or elapsed_s <= 0:
        return row
    drops = drop_rates(before.drops_in, after.drops_in, elapsed_s)
    return row | {
        **_flow(before, after, elapsed_s),
        "drops_per_s": drops | drop_rates(before.drops_out, after.drops_out, elapsed_s),
    }


def _link(look: InterfaceLook) -> str:
    return {True: "link", False: "no link", None: "file"}[look.link]


def _component(
    before: ComponentLook | None, after: ComponentLook, elapsed_s: float
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": "component",
        "name": after.name,
        "state": after.state,
        **_ring(after),
        **_latency(after),
        "memory_mib": _mib(after.memory_bytes),
        "memory_used": _part(after.memory_bytes, after.memory_limit_bytes),
        "restarts": after.restarts,
    }
    if before is None or elapsed_s <= 0:
        return row
    packets = after.packets_in - before.packets_in
    return row | {
        **_flow(before, after, elapsed_s),
        "batch_in": _ratio(packets, after.batches_in - before.batches_in),
        "cpu": share(before.cpu_s, after.cpu_s, elapsed_s),
        "drops_per_s": drop_rates(before.drops, after.drops, elapsed_s),
    }


def _elements(before: Look, after: Look, elapsed_s: float) -> list[dict[str, Any]]:
    known = {(item.name, item.kind): item for item in before.elements}
    counts_go_on = before.bytes_since == after.bytes_since
    rows = []
    for item in after.elements:
        row: dict[str, Any] = {"kind": "element", "name": item.name, "state": item.kind}
        former = known.get((item.name, item.kind))
        if former is not None and elapsed_s > 0:
            if not counts_go_on:
                former = replace(former, bytes_in=None, bytes_out=None)
            row |= _flow(former, item, elapsed_s)
            row["drops_per_s"] = drop_rates(former.drops, item.drops, elapsed_s)
        rows.append(row)
    return rows


def _flow(
    before: InterfaceLook | ComponentLook | ElementLook,
    after: InterfaceLook | ComponentLook | ElementLook,
    elapsed_s: float,
) -> dict[str, float | None]:
    return {
        "in_pps": (after.packets_in - before.packets_in) / elapsed_s,
        "out_pps": (after.packets_out - before.packets_out) / elapsed_s,
        "in_mbps": _mbps(before.bytes_in, after.bytes_in, elapsed_s),
        "out_mbps": _mbps(before.bytes_out, after.bytes_out, elapsed_s),
    }


def _mbps(before: int | None, after: int | None, elapsed_s: float) -> float | None:
    if before is None or after is None:
        return None
    return (after - before) * 8e-6 / elapsed_s


def _element_drops(before: Look, after: Look, elapsed_s: float) -> dict[str, float]:
    """Drops a second of the elements that are no component, each by its name."""
    former = {item.name: item.drops for item in before.elements}
    sums = {
        item.name: sum(drop_rates(former.get(item.name, ()), item.drops, elapsed_s).values())
        for item in after.elements
    }
    return {name: rate for name, rate in sums.items() if rate > 0}


def _ring(look: ComponentLook) -> dict[str, Any]:
    if not look.capacity:
        return {"ring": None}
    waiting = f" +{look.waiting}" if look.waiting else ""
    return {"ring": f"{look.in_flight}/{look.capacity}{waiting}"}


def _latency(look: ComponentLook) -> dict[str, float | None]:
    return {
        "p50_us": look.latency_p50_ns / 1000 or None,
        "p99_us": look.latency_p99_ns / 1000 or None,
    }


def _ratio(amount: int, parts: int) -> float | None:
    return amount / parts if parts > 0 else None


def _part(amount: int | None, limit: int | None) -> float | None:
    return amount / limit if amount is not None and limit else None


def _mib(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else size_bytes / 2**20
