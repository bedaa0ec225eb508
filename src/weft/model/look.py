"""One look at a running function: counts since its start, and what is so just then."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ComponentLook", "ElementLook", "Look", "drop_rates", "share"]


@dataclass(frozen=True, slots=True)
class ComponentLook:
    """A component in a process of its own; what is not known is None.

    `full` is how many batches found no room, `drops` the packets dropped at it by reason. Latencies
    are those of sampled packets, from the engine to it and back.
    """

    name: str
    key: str
    state: str
    pid: int | None = None
    restarts: int | None = None
    last_end: str | None = None
    cpu_s: float | None = None
    memory_bytes: int | None = None
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    batches_in: int = 0
    batches_out: int = 0
    in_flight: int = 0
    waiting: int = 0
    capacity: int = 0
    full: int = 0
    latency_p50_ns: int = 0
    latency_p99_ns: int = 0
    drops: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ElementLook:
    """An element of the graph that has dropped packets, by reason."""

    name: str
    kind: str
    drops: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A function at `at_s` seconds of a clock that only goes forward.

    `engine_cpu_s` is the processor time of all of it but its components.
    """

    at_s: float
    state: str
    engine_cpu_s: float | None = None
    memory_bytes: int | None = None
    restarts: int | None = None
    components: tuple[ComponentLook, ...] = ()
    elements: tuple[ElementLook, ...] = ()


def share(before_s: float | None, after_s: float | None, elapsed_s: float) -> float | None:
    """Processors used between two looks, or None where one does not tell."""
    if before_s is None or after_s is None or elapsed_s <= 0:
        return None
    return max(after_s - before_s, 0.0) / elapsed_s


def drop_rates(
    before: tuple[tuple[str, int], ...], after: tuple[tuple[str, int], ...], elapsed_s: float
) -> dict[str, float]:
    """Packets dropped a second by reason, of those that had any."""
    former = dict(before)
    rates = {reason: (count - former.get(reason, 0)) / elapsed_s for reason, count in after}
    return {reason: rate for reason, rate in rates.items() if rate > 0}
