"""Which line tells what limits a function: from two looks, without anything that runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from weft.model.function import ComponentStatus, FunctionStatus, InterfaceStatus
from weft.model.look import (
    ComponentLook,
    ElementLook,
    InterfaceLook,
    Look,
    QueueLook,
    ValueLook,
    drop_rates,
    share,
)
from weft.model.state import FunctionState
from weft.vnf.bottleneck import bottleneck
from weft.vnf.looking import look_of

A = ComponentLook("a", "a", "ready", cpu_s=1.0, capacity=512, restarts=0)
B = replace(A, name="b", key="b")
BEFORE = Look(10.0, "active", engine_cpu_s=1.0, components=(A, B))
LANGUAGES = {"a": "c", "b": "python"}


def after(*components: ComponentLook, **further: object) -> Look:
    there = {item.key: item for item in (A, B)} | {item.key: item for item in components}
    look = replace(BEFORE, at_s=12.0, engine_cpu_s=1.2, components=tuple(there.values()))
    return replace(look, **further)  # type: ignore[arg-type]


def busy(look: ComponentLook, cpu_s: float, **further: object) -> ComponentLook:
    """A component that took 1000 packets in 100 batches in the two seconds, and used so much."""
    made = replace(look, cpu_s=1.0 + cpu_s, packets_in=1000, packets_out=1000, batches_in=100)
    return replace(made, **further)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("look", "line"),
    [
        (after(), "none: every component keeps up"),
        (after(busy(A, 1.9)), "none: every component keeps up"),
        (
            after(busy(B, 1.96, full=900, drops=(("ring-full", 8620),))),
            "b: its ring is full for 90 % of batches (python, 98 % of a CPU, 1960.0 us a packet); "
            "drops ring-full 4,310/s",
        ),
        (
            after(busy(A, 0.1, full=900), busy(B, 1.8, full=300)),
            "b: its ring is full for 75 % of batches (python, 90 % of a CPU, 1800.0 us a packet)",
        ),
        (
            after(busy(A, 0.1, full=900, drops=(("ring-full", 20),)), busy(B, 0.2, full=300)),
            "b: its ring is full for 75 % of batches (python, 10 % of a CPU, 200.0 us a packet); "
            "drops ring-full at a 10/s",
        ),
        (
            after(busy(A, 1.7, full=900), busy(B, 0.2, full=300)),
            "a: its ring is full for 90 % of batches (c, 85 % of a CPU, 1700.0 us a packet)",
        ),
        (
            after(busy(A, 1.9, in_flight=256)),
            "a: 256 of 512 packets are in its ring (c, 95 % of a CPU, 1900.0 us a packet)",
        ),
        (
            after(busy(A, 0.1, full=900), engine_cpu_s=2.9),
            "engine: it uses 95 % of a CPU",
        ),
        (
            after(
                engine_cpu_s=2.9,
                elements=(ElementLook("in/from", "FromDevice", (("kernel-drops", 50),)),),
            ),
            "engine: it uses 95 % of a CPU; drops kernel-drops at in 25/s",
        ),
        (
            after(elements=(ElementLook("in/from", "FromDevice", (("kernel-drops", 50),)),)),
            "engine: it reads too late; drops kernel-drops at in 25/s",
        ),
        (
            after(elements=(ElementLook("out/queue", "Queue", (("queue-full", 3000),)),)),
            "out: its queue is full, what follows 'out/queue' takes no more; drops 1,500/s",
        ),
        (
            after(elements=(ElementLook("f/drop", "IPFilter", (("filtered", 3000),)),)),
            "none: every component keeps up",
        ),
        (
            after(
                replace(
                    A,
                    state="restarting",
                    restarts=3,
                    last_end="killed by signal 9",
                    drops=(("component-away", 200), ("telnet", 9)),
                )
            ),
            "a: its process is restarting (3 restarts, killed by signal 9); "
            "drops component-away 100/s",
        ),
    ],
)
def test_what_limits_is_named_with_the_reason(look: Look, line: str) -> None:
    assert bottleneck(BEFORE, look, LANGUAGES) == f"bottleneck: {line}"


def test_a_ring_that_is_full_at_both_looks_tells_who_waits() -> None:
    stuck = replace(B, in_flight=500)
    before = replace(BEFORE, components=(A, stuck))
    line = bottleneck(before, after(busy(A, 0.1), busy(stuck, 0.2)), LANGUAGES)
    assert line == (
        "bottleneck: b: 500 of 512 packets are in its ring "
        "(python, 10 % of a CPU, 200.0 us a packet)"
    )


def test_a_component_that_is_new_or_counts_anew_is_not_judged() -> None:
    anew = replace(A, key="a.2", full=900, drops=(("ring-full", 5),), cpu_s=9.0)
    assert bottleneck(BEFORE, after(anew)).endswith("none: every component keeps up")
    former = replace(BEFORE, components=(replace(A, packets_in=5000),))
    assert bottleneck(former, after(busy(A, 0.1, full=900))).endswith("every component keeps up")


def test_a_function_that_does_not_run_has_none() -> None:
    line = bottleneck(BEFORE, after(state="inactive"))
    assert line == "bottleneck: unknown: the function is inactive"
    assert bottleneck(BEFORE, BEFORE) == "bottleneck: unknown: the function is active"


def test_shares_and_rates() -> None:
    assert share(1.0, 2.0, 2.0) == 0.5
    assert share(None, 2.0, 2.0) is None
    assert share(2.0, 1.0, 2.0) == 0.0
    assert drop_rates((("x", 1),), (("x", 5), ("y", 2), ("z", 0)), 2.0) == {"x": 2.0, "y": 1.0}


FIGURES: dict[str, Any] = {
    "in_flight": 4,
    "waiting": 1,
    "capacity": 512,
    "bytes_in": 600,
    "bytes_out": 540,
    "packets_offered": 10,
    "packets_returned": 9,
    "batches_offered": 2,
    "batches_returned": 3,
    "full": 5,
    "latency_p50_ns": 1500,
    "latency_p99_ns": 3000,
    "values": {"hits": ["real", "hits/s"], "misses": ["unsigned", ""]},
}
QUEUE = {"length": 1, "capacity": 1000, "highwater": 6}


def device(name: str, packets: int, size: int) -> dict[str, Any]:
    return {"interface": name, "packets": packets, "bytes": size}


def element(name: str, kind: str, drops: dict[str, int], figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "class": kind,
        "inputs": [1, 2],
        "outputs": [2],
        "drops": drops,
        "figures": figures,
    }


def test_a_look_puts_together_what_three_tell() -> None:
    component = ComponentStatus("a.2", "a", "ready", 7, 1, 4096, 0.5, "ended with status 1")
    program = ComponentStatus("p", "p", "ready", 8, 0, 0, 0.25)
    status = FunctionStatus(
        FunctionState.ACTIVE,
        restarts=0,
        cpu_s=2.0,
        memory_bytes=9000,
        components=(component, program),
        interfaces=(InterfaceStatus("in", 1500, True), InterfaceStatus("out", 1500, False)),
        cpu_limit=0.5,
    )
    stats = {
        "elements": [
            element("a", "Component", {"ring-full": 3}, FIGURES),
            element("in/queue", "Queue", {"queue-full": 2}, QUEUE)
            | {"input_bytes": [60, 40], "output_bytes": [70]},
            element("in/from", "FromDevice", {"kernel-drops": 4}, device("in", 9, 900)),
            element("out/to", "ToDevice", {"too-long": 1}, device("out", 7, 700)),
        ],
        "frames_in_use": 5,
        "bytes_since_ns": 1_800_000_000_500_000_000,
    }
    look = look_of(1.5, status, stats, {"a.hits": 4.5})
    assert (look.at_s, look.engine_cpu_s, look.memory_bytes) == (1.5, 1.25, 9000)
    assert (look.cpu_s, look.cpu_limit, look.frames_in_use) == (2.0, 0.5, 5)
    assert look.elements[0] == ElementLook(
        *("in/queue", "Queue", (("queue-full", 2),), 3, 2), bytes_in=100, bytes_out=70
    )
    assert (look.elements[1].bytes_in, look.bytes_since) == (None, 1_800_000_000.5)
    assert look.queues == (QueueLook("in/queue", 1, 1000, 6),)
    assert look.interfaces == (
        InterfaceLook("in", True, 9, 0, 900, 0, drops_in=(("kernel-drops", 4),)),
        InterfaceLook("out", False, 0, 7, 0, 700, drops_out=(("too-long", 1),)),
    )
    assert look.components[0] == ComponentLook(
        *("a", "a.2", "ready", 7, 1, "ended with status 1", 0.5, 4096),
        *(10, 9, 600, 540, 2, 3, 4, 1, 512, 5, 1500, 3000),
        (("ring-full", 3),),
        values=(ValueLook("hits", "hits/s", 4.5), ValueLook("misses", "", None)),
    )
    assert look.components[1] == ComponentLook("p", "p", "ready", 8, 0, None, 0.25, 0)
