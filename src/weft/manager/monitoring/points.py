"""The values of everything that is measured, found in a look."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from weft.manager.monitoring.measures import (
    COMPONENT,
    ELEMENT,
    ELEMENT_BYTES,
    FUNCTION,
    INTERFACE,
    QUEUE,
    VALUE,
    Measure,
    Subject,
)
from weft.model.monitoring import Series

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.look import ComponentLook, ElementLook, InterfaceLook, Look, QueueLook

__all__ = ["Point", "points", "series_of"]

Drops = tuple[tuple[str, int], ...]


class Point(NamedTuple):
    """A value found in a look. `reason` is why packets were dropped, or the unit of a declared value."""

    measure: Measure
    subject: str
    detail: str
    value: float

    @property
    def series(self) -> str:
        """Its name in the history, such as `in.packets_in` or `filter.drops.telnet`."""
        measure = self.measure
        if measure.subject is Subject.VALUE:
            return self.subject
        name = f"{self.subject}.{measure.name}" if self.subject else measure.name
        return f"{name}.{self.detail}" if measure.by_reason else name


def points(look: Look) -> list[Point]:
    """Everything that a look tells; where two would have one name, the first."""
    found: list[Point] = []
    _add(found, FUNCTION, "", _values_of_function(look))
    for interface in look.interfaces:
        _add(found, INTERFACE, interface.name, _values_of_interface(interface))
    for component in look.components:
        # Of a function that is stopped none is meant to be ready.
        ready = None if look.state == "inactive" else component.state == "ready"
        _add(found, COMPONENT, component.name, _values_of_component(component, ready))
        for told in component.values:
            if told.value is not None:
                found.append(Point(VALUE, f"{component.name}.{told.name}", told.unit, told.value))
    for queue in look.queues:
        _add(found, QUEUE, queue.name, _values_of_queue(queue))
    for element in look.elements:
        _add(found, ELEMENT, element.name, _values_of_element(element))
    # Last, for the history may have no room for all.
    for element in look.elements:
        _add(found, ELEMENT_BYTES, element.name, (element.bytes_in, element.bytes_out))
    return found


def series_of(point: Point) -> Series:
    """What the history keeps of such a point."""
    measure = point.measure
    unit = point.detail if measure.subject is Subject.VALUE else measure.unit
    return Series(point.series, measure.is_counter, unit, measure.help)


Values = tuple[float | Drops | None, ...]


def _add(found: list[Point], measures: Sequence[Measure], subject: str, values: Values) -> None:
    """The values of a subject stand in the order of its measures; None is one that is not known."""
    for measure, value in zip(measures, values, strict=True):
        if isinstance(value, tuple):
            for reason, count in value:
                found.append(Point(measure, subject, reason, float(count)))
        elif value is not None:
            found.append(Point(measure, subject, "", float(value)))


def _values_of_function(look: Look) -> Values:
    return (
        look.state == "active",
        look.state == "failed",
        look.restarts,
        look.uptime_s,
        look.cpu_s,
        look.engine_cpu_s,
        look.cpu_limit,
        look.memory_bytes,
        look.memory_limit_bytes,
        _part(look.memory_bytes, look.memory_limit_bytes),
        look.frames_in_use,
    )


def _values_of_interface(look: InterfaceLook) -> Values:
    counts = (look.packets_in, look.packets_out, look.bytes_in, look.bytes_out)
    return (look.link, *counts, look.drops_in, look.drops_out)


def _values_of_component(look: ComponentLook, ready: bool | None) -> Values:
    return (
        ready,
        look.restarts,
        look.cpu_s,
        look.memory_bytes,
        look.memory_limit_bytes,
        _part(look.memory_bytes, look.memory_limit_bytes),
        look.packets_in,
        look.packets_out,
        look.bytes_in,
        look.bytes_out,
        look.full,
        look.in_flight,
        look.waiting,
        look.capacity,
        look.latency_p50_ns * 1e-9 or None,
        look.latency_p99_ns * 1e-9 or None,
        look.drops,
    )


def _values_of_queue(look: QueueLook) -> Values:
    return (look.length, look.capacity, look.highwater)


def _values_of_element(look: ElementLook) -> Values:
    return (look.packets_in, look.packets_out, look.drops)


def _part(amount: float | None, limit: float | None) -> float | None:
    return amount / limit if amount is not None and limit else None
