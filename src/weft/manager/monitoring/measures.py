"""What is measured of a function: names, units and meanings.

The series of the history, the metrics for Prometheus and their reference come from this list; `points.py`
finds each in a look.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "COMPONENT",
    "ELEMENT",
    "ELEMENT_BYTES",
    "FUNCTION",
    "INTERFACE",
    "MEASURES",
    "QUEUE",
    "VALUE",
    "Kind",
    "Measure",
    "Subject",
]


class Kind(StrEnum):
    """Whether a value only grows."""

    COUNTER = "counter"
    GAUGE = "gauge"


class Subject(StrEnum):
    """What a value is of; also the label that names it."""

    FUNCTION = "function"
    INTERFACE = "interface"
    COMPONENT = "component"
    QUEUE = "queue"
    ELEMENT = "element"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured; `metric` is its name for Prometheus, in base units."""

    name: str
    subject: Subject
    kind: Kind
    unit: str
    help: str
    metric: str
    by_reason: bool = False

    @property
    def is_counter(self) -> bool:
        """Whether it only grows."""
        return self.kind is Kind.COUNTER


def _of(subject: Subject) -> Callable[..., Measure]:
    def measure(
        name: str, kind: Kind, unit: str, metric: str, about: str, *, by_reason: bool = False
    ) -> Measure:
        return Measure(name, subject, kind, unit, about, metric, by_reason)

    return measure


_COUNTER, _GAUGE = Kind.COUNTER, Kind.GAUGE
_function = _of(Subject.FUNCTION)
FUNCTION: Sequence[Measure] = (
    _function("up", _GAUGE, "", "weft_function_up", "1 while packets are processed, else 0"),
    _function("failed", _GAUGE, "", "weft_function_failed", "1 where a start came to nothing"),
    _function(
        "restarts",
        *(_COUNTER, "", "weft_function_restarts_total"),
        "How often its engine was started again",
    ),
    _function(
        "uptime_s", _GAUGE, "s", "weft_function_uptime_seconds", "Time since its sandbox was made"
    ),
    _function(
        "cpu_s",
        *(_COUNTER, "s", "weft_function_cpu_seconds_total"),
        "Processor time of all its processes; a second, cores",
    ),
    _function(
        "engine_cpu_s",
        *(_COUNTER, "s", "weft_function_engine_cpu_seconds_total"),
        "Processor time of process 1 and the engine",
    ),
    _function(
        "cpu_limit", _GAUGE, "cores", "weft_function_cpu_limit_cores", "Cores it may use at most"
    ),
    _function("memory_bytes", _GAUGE, "bytes", "weft_function_memory_bytes", "Memory in use"),
    _function(
        "memory_limit_bytes",
        *(_GAUGE, "bytes", "weft_function_memory_limit_bytes"),
        "Memory it may use at most",
    ),
    _function(
        "memory_used",
        *(_GAUGE, "", "weft_function_memory_used_ratio"),
        "Memory in use, as a part of what it may use",
    ),
    _function(
        "frames_in_use",
        *(_GAUGE, "packets", "weft_function_frames_in_use"),
        "Packets that are somewhere in the function",
    ),
)
_interface = _of(Subject.INTERFACE)
INTERFACE: Sequence[Measure] = (
    _interface("link", _GAUGE, "", "weft_interface_up", "1 while both ends of the link are up"),
    _interface(
        "packets_in",
        *(_COUNTER, "packets", "weft_interface_receive_packets_total"),
        "Packets that the function took from the interface",
    ),
    _interface(
        "packets_out",
        *(_COUNTER, "packets", "weft_interface_transmit_packets_total"),
        "Packets that the function sent to the interface",
    ),
    _interface(
        "bytes_in",
        *(_COUNTER, "bytes", "weft_interface_receive_bytes_total"),
        "Bytes of the packets taken from it, Ethernet headers included",
    ),
    _interface(
        "bytes_out",
        *(_COUNTER, "bytes", "weft_interface_transmit_bytes_total"),
        "Bytes of the packets sent to it, Ethernet headers included",
    ),
    _interface(
        "drops_in",
        *(_COUNTER, "packets", "weft_interface_receive_drops_total"),
        "Packets that came and were lost before the function took them",
        by_reason=True,
    ),
    _interface(
        "drops_out",
        *(_COUNTER, "packets", "weft_interface_transmit_drops_total"),
        "Packets that could not be sent",
        by_reason=True,
    ),
)
_component = _of(Subject.COMPONENT)
COMPONENT: Sequence[Measure] = (
    _component("up", _GAUGE, "", "weft_component_up", "1 while its process is ready for packets"),
    _component(
        "restarts",
        *(_COUNTER, "", "weft_component_restarts_total"),
        "How often its process was started again",
    ),
    _component(
        "cpu_s",
        _COUNTER,
        "s",
        "weft_component_cpu_seconds_total",
        "Processor time of its processes",
    ),
    _component(
        "memory_bytes",
        *(_GAUGE, "bytes", "weft_component_memory_bytes"),
        "Private memory of its process",
    ),
    _component(
        "memory_limit_bytes",
        *(_GAUGE, "bytes", "weft_component_memory_limit_bytes"),
        "Memory it may use at most",
    ),
    _component(
        "memory_used",
        *(_GAUGE, "", "weft_component_memory_used_ratio"),
        "Memory in use, as a part of what it may use",
    ),
    _component(
        "packets_in",
        *(_COUNTER, "packets", "weft_component_receive_packets_total"),
        "Packets that it was given",
    ),
    _component(
        "packets_out",
        *(_COUNTER, "packets", "weft_component_transmit_packets_total"),
        "Packets that came back from it",
    ),
    _component(
        "bytes_in",
        *(_COUNTER, "bytes", "weft_component_receive_bytes_total"),
        "Bytes of the packets it was given",
    ),
    _component(
        "bytes_out",
        *(_COUNTER, "bytes", "weft_component_transmit_bytes_total"),
        "Bytes of the packets that came back",
    ),
    _component(
        "full",
        *(_COUNTER, "", "weft_component_full_batches_total"),
        "Batches that found no room in its ring",
    ),
    _component(
        "in_flight", _GAUGE, "packets", "weft_component_in_flight_packets", "Packets that it has"
    ),
    _component(
        "waiting",
        *(_GAUGE, "packets", "weft_component_waiting_packets"),
        "Packets that wait for it",
    ),
    _component(
        "capacity",
        *(_GAUGE, "packets", "weft_component_capacity_packets"),
        "Packets it may have at a time",
    ),
    _component(
        "latency_p50_s",
        *(_GAUGE, "s", "weft_component_latency_p50_seconds"),
        "Half of the packets that were timed took less, there and back",
    ),
    _component(
        "latency_p99_s",
        *(_GAUGE, "s", "weft_component_latency_p99_seconds"),
        "99 of 100 packets that were timed took less, there and back",
    ),
    _component(
        "drops",
        *(_COUNTER, "packets", "weft_component_drops_total"),
        "Packets dropped at it",
        by_reason=True,
    ),
)
_queue = _of(Subject.QUEUE)
QUEUE: Sequence[Measure] = (
    _queue("length", _GAUGE, "packets", "weft_queue_length_packets", "Packets in the queue"),
    _queue(
        "capacity", _GAUGE, "packets", "weft_queue_capacity_packets", "Packets it holds at most"
    ),
    _queue(
        "highwater", _GAUGE, "packets", "weft_queue_highwater_packets", "Most packets there were"
    ),
)
_element = _of(Subject.ELEMENT)
ELEMENT: Sequence[Measure] = (
    _element(
        "packets_in",
        *(_COUNTER, "packets", "weft_element_receive_packets_total"),
        "Packets through its inputs",
    ),
    _element(
        "packets_out",
        *(_COUNTER, "packets", "weft_element_transmit_packets_total"),
        "Packets through its outputs",
    ),
    _element(
        "drops",
        *(_COUNTER, "packets", "weft_element_drops_total"),
        "Packets dropped at it",
        by_reason=True,
    ),
)
ELEMENT_BYTES: Sequence[Measure] = (
    _element(
        "bytes_in",
        *(_COUNTER, "bytes", "weft_element_receive_bytes_total"),
        "Bytes of the packets through its inputs, since somebody looks",
    ),
    _element(
        "bytes_out",
        *(_COUNTER, "bytes", "weft_element_transmit_bytes_total"),
        "Bytes of the packets through its outputs, since somebody looks",
    ),
)
VALUE = Measure(
    "value",
    Subject.VALUE,
    Kind.GAUGE,
    "",
    "A number that a component tells of itself",
    "weft_component_value",
)
MEASURES: tuple[Measure, ...] = (
    *FUNCTION,
    *INTERFACE,
    *COMPONENT,
    *QUEUE,
    *ELEMENT,
    *ELEMENT_BYTES,
    VALUE,
)
"""Everything that is measured, in the order in which it is told."""
