"""What limits a function, and why, from two looks at it. docs/guides/seeing.md has the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.model.look import drop_rates, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.look import ComponentLook, Look

__all__ = ["bottleneck"]

# A component is behind when so many of its batches found its ring full,
_FULL = 0.10
# or its ring is so full at both looks, or so full while it is so busy.
_RING_FULL_BOTH = 0.90
_RING = 0.50
_BUSY = 0.90
# Of several that are behind, one so busy is the cause; else the last, which the others wait for.
_CAUSE = 0.80
_AWAY = ("component-away", "hold-full", "component-lost", "component-hung", "violation")
_RING_FULL = "ring-full"
_KERNEL = "kernel-drops"
_QUEUES = ("Queue", "SimpleQueue", "NotifierQueue", "ThreadSafeQueue")
_NONE = "bottleneck: none: every component keeps up"


@dataclass(frozen=True, slots=True)
class _Pace:
    """How a component did between two looks; `rings` is how full its ring was at both."""

    component: ComponentLook
    rings: tuple[float, float]
    full: float
    cpu: float | None
    us_per_packet: float | None
    drops: dict[str, float]

    @property
    def is_behind(self) -> bool:
        busy = (self.cpu or 0.0) >= _BUSY and self.rings[1] >= _RING
        stuck = min(self.rings) >= _RING_FULL_BOTH
        return busy or stuck or self.full >= _FULL or self.drops.get(_RING_FULL, 0.0) > 0


def bottleneck(before: Look, after: Look, frameworks: Mapping[str, str] | None = None) -> str:
    """One line: the component, the engine, or the interface that limits the function, and why.

    `frameworks` names what each component is written in, in the order in which packets meet them.
    """
    frameworks = frameworks or {}
    elapsed_s = after.at_s - before.at_s
    if elapsed_s <= 0 or after.state != "active":
        return f"bottleneck: unknown: the function is {after.state}"
    former = {item.key: item for item in before.components}
    paces = [_pace(former.get(item.key), item, elapsed_s) for item in after.components]
    engine = share(before.engine_cpu_s, after.engine_cpu_s, elapsed_s)
    behind = [pace for pace in paces if pace.is_behind]
    order = list(frameworks)
    behind.sort(key=lambda pace: (_cpu(pace) >= _CAUSE, _place(order, pace.component.name)))
    cause = behind[-1] if behind else None
    line = _away(paces)
    if line is None and cause and (_cpu(cause) >= _CAUSE or (engine or 0.0) < _BUSY):
        line = _behind(cause, frameworks.get(cause.component.name, ""), behind)
    if line is None and engine is not None and engine >= _BUSY:
        line = f"engine: it uses {_percent(engine)} of a CPU{_sum(_kernel(before, after))}"
    return f"bottleneck: {line}" if line else _elsewhere(before, after)


def _pace(before: ComponentLook | None, after: ComponentLook, elapsed_s: float) -> _Pace:
    if before is None or before.packets_in > after.packets_in:
        return _Pace(after, (0.0, 0.0), 0.0, None, None, {})
    full = after.full - before.full
    batches = after.batches_in - before.batches_in
    returned = after.packets_out - before.packets_out
    cpu = share(before.cpu_s, after.cpu_s, elapsed_s)
    return _Pace(
        after,
        (_ring(before), _ring(after)),
        full / (full + batches) if full > 0 else 0.0,
        cpu,
        cpu * elapsed_s * 1e6 / returned if cpu is not None and returned > 0 else None,
        drop_rates(before.drops, after.drops, elapsed_s),
    )


def _ring(look: ComponentLook) -> float:
    return look.in_flight / look.capacity if look.capacity else 0.0


def _cpu(pace: _Pace) -> float:
    return pace.cpu or 0.0


def _place(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else -1


def _away(paces: Sequence[_Pace]) -> str | None:
    for pace in paces:
        lost = {reason: rate for reason, rate in pace.drops.items() if reason in _AWAY}
        if lost:
            component = pace.component
            ends = f", {component.last_end}" if component.last_end else ""
            restarts = f"{component.restarts or 0} restarts{ends}"
            return f"{component.name}: its process is {component.state} ({restarts}){_sum(lost)}"
    return None


def _behind(pace: _Pace, framework: str, behind: Sequence[_Pace]) -> str:
    component = pace.component
    if pace.full > 0:
        why = f"its ring is full for {_percent(pace.full)} of batches"
    else:
        why = f"{component.in_flight} of {component.capacity} packets are in its ring"
    known = [framework] if framework else []
    known += [f"{_percent(pace.cpu)} of a CPU"] if pace.cpu is not None else []
    known += [f"{pace.us_per_packet:.1f} us a packet"] if pace.us_per_packet is not None else []
    cost = f" ({', '.join(known)})" if known else ""
    full = {}
    for other in (pace, *(other for other in behind if other is not pace)):
        if rate := other.drops.get(_RING_FULL):
            at = "" if other is pace else f" at {other.component.name}"
            full[f"{_RING_FULL}{at}"] = rate
    return f"{component.name}: {why}{cost}{_sum(full)}"


def _elsewhere(before: Look, after: Look) -> str:
    """Packets are lost where they come in, or where they go out."""
    came = _kernel(before, after)
    if came:
        return f"bottleneck: engine: it reads too late{_sum(came)}"
    former = {item.name: item.drops for item in before.elements}
    elapsed_s = after.at_s - before.at_s
    worst: tuple[float, str] | None = None
    for item in after.elements:
        rate = sum(drop_rates(former.get(item.name, ()), item.drops, elapsed_s).values())
        if item.kind in _QUEUES and rate > 0 and (worst is None or rate > worst[0]):
            worst = (rate, item.name)
    if worst is None:
        return _NONE
    rate, name = worst
    owner, slash, _ = name.rpartition("/")
    what = f"what follows '{name}' takes no more" if slash else "what follows it takes no more"
    return f"bottleneck: {owner or name}: its queue is full, {what}; drops {rate:,.0f}/s"


def _kernel(before: Look, after: Look) -> dict[str, float]:
    """Packets the kernel dropped because the engine was late, by interface."""
    former = {item.name: item.drops for item in before.elements}
    elapsed_s = after.at_s - before.at_s
    found = {}
    for item in after.elements:
        rate = drop_rates(former.get(item.name, ()), item.drops, elapsed_s).get(_KERNEL, 0.0)
        if rate > 0:
            found[f"{_KERNEL} at {item.name.partition('/')[0]}"] = rate
    return found


def _sum(rates: Mapping[str, float]) -> str:
    told = ", ".join(f"{reason} {rate:,.0f}/s" for reason, rate in rates.items())
    return f"; drops {told}" if told else ""


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %"
