"""One look at a running function: counts since its start, and what is so just then."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ComponentLook",
    "ElementLook",
    "InterfaceLook",
    "Look",
    "QueueLook",
    "ValueLook",
    "drop_rates",
    "share",
]

Drops = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ValueLook:
    """A number that a component tells of itself; None where its process did not answer in time."""

    name: str
    unit: str
    value: float | None


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
    drops: Drops = ()
    memory_limit_bytes: int | None = None
    values: tuple[ValueLook, ...] = ()


@dataclass(frozen=True, slots=True)
class ElementLook:
    """An element of the graph that is no component: packets through its ports, and drops by reason.

    Bytes are counted only while somebody looks: see `Look.bytes_since`. None while nobody does.
    """

    name: str
    kind: str
    drops: Drops = ()
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int | None = None
    bytes_out: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceLook:
    """An interface as the function sees it: what it took from it, and gave to it.

    `link` is None where that is not known. Drops are by reason, of what came in and of what was to
    go out.
    """

    name: str
    link: bool | None = None
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    drops_in: Drops = ()
    drops_out: Drops = ()


@dataclass(frozen=True, slots=True)
class QueueLook:
    """A queue of the graph, in packets: in it now, what it holds at most, the most there were."""

    name: str
    length: int
    capacity: int
    highwater: int


@dataclass(frozen=True, slots=True)
class Look:
    """A function at `at_s` seconds of a clock that only goes forward.

    `cpu_s` is the processor time of all of it, `engine_cpu_s` that without its components. Limits are
    None where there are none. Bytes of elements are counted from the Unix time `bytes_since` on, in
    seconds; None while they are not. If it differs between two looks, counting has begun anew.
    """

    at_s: float
    state: str
    engine_cpu_s: float | None = None
    memory_bytes: int | None = None
    restarts: int | None = None
    components: tuple[ComponentLook, ...] = ()
    elements: tuple[ElementLook, ...] = ()
    interfaces: tuple[InterfaceLook, ...] = ()
    queues: tuple[QueueLook, ...] = ()
    cpu_s: float | None = None
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None
    uptime_s: float | None = None
    frames_in_use: int | None = None
    errors: tuple[str, ...] = ()
    bytes_since: float | None = None


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
