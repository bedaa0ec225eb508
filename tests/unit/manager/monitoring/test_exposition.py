"""The page for Prometheus: it parses, it is complete, and it says what was measured."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from prometheus_client.parser import text_string_to_metric_families

from weft.manager.monitoring.exposition import INFO, exposition, metrics
from weft.manager.monitoring.measures import MEASURES
from weft.manager.monitoring.points import points
from weft.model.function import FunctionFacts
from weft.model.look import (
    ComponentLook,
    ElementLook,
    InterfaceLook,
    Look,
    QueueLook,
    ValueLook,
)

ROOT = Path(__file__).resolve().parents[4]
FACTS = FunctionFacts(UUID(int=1), 'a "b"\\\n', "default", "gate", "1.0.0", {}, 0.0, "x")
LOOK = Look(
    at_s=1.0,
    state="active",
    engine_cpu_s=1.25,
    memory_bytes=3 * 2**20,
    restarts=2,
    components=(
        ComponentLook(
            *("filter", "filter.2", "ready", 7, 1, None, 0.5, 2**20),
            *(10, 9, 600, 540, 2, 3, 4, 1, 512, 5, 1500, 3000),
            drops=(("telnet", 40), ("ring-full", 2)),
            memory_limit_bytes=2**21,
            values=(ValueLook("hits", "hits/s", -4.5), ValueLook("misses", "", None)),
        ),
    ),
    elements=(ElementLook("in/queue", "Queue", (("queue-full", 8),), 20, 12, 1280, 768),),
    interfaces=(
        InterfaceLook("in", True, 9, 7, 900, 700, (("kernel-drops", 4),), (("too-long", 1),)),
    ),
    queues=(QueueLook("in/queue", 3, 1000, 6),),
    cpu_s=1.75,
    cpu_limit=0.5,
    memory_limit_bytes=2**22,
    uptime_s=12.5,
    frames_in_use=5,
)


def samples(page: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and those of its labels that are not the function's."""
    found = {}
    for family in text_string_to_metric_families(page):
        assert family.documentation
        for sample in family.samples:
            labels = dict(sample.labels)
            assert labels.pop("function") == FACTS.name
            assert labels.pop("uuid") == str(FACTS.uuid)
            found[(sample.name, *labels.values())] = sample.value
    return found


def test_the_page_says_what_was_measured() -> None:
    found = samples(exposition([(FACTS, LOOK)]))
    assert found["weft_function_info", "default", "gate", "1.0.0", "process", "active"] == 1
    assert found["weft_function_up",] == 1
    assert found["weft_function_cpu_seconds_total",] == 1.75
    assert found["weft_function_memory_used_ratio",] == 0.75
    assert found["weft_interface_receive_packets_total", "in"] == 9
    assert found["weft_interface_transmit_bytes_total", "in"] == 700
    assert found["weft_interface_receive_drops_total", "in", "kernel-drops"] == 4
    assert found["weft_component_drops_total", "filter", "telnet"] == 40
    assert found["weft_component_latency_p99_seconds", "filter"] == 3e-6
    assert found["weft_component_value", "filter", "hits", "hits/s"] == -4.5
    assert found["weft_queue_highwater_packets", "in/queue"] == 6
    assert found["weft_element_transmit_packets_total", "in/queue"] == 12
    assert found["weft_element_receive_bytes_total", "in/queue"] == 1280
    assert found["weft_element_transmit_bytes_total", "in/queue"] == 768
    assert ("weft_component_value", "filter", "misses", "") not in found


def test_every_metric_is_on_the_page_once_with_its_labels() -> None:
    page = exposition([(FACTS, LOOK)])
    families = {family.name: family for family in text_string_to_metric_families(page)}
    documented = metrics()
    names = [item.name for item in documented]
    assert len(names) == len(set(names))
    assert families.keys() == {name.removesuffix("_total") for name in names}
    for item in documented:
        family = families[item.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (item.kind, item.help)
        assert {frozenset(sample.labels) for sample in family.samples} == {frozenset(item.labels)}
        assert item.name.endswith("_total") == (item.kind == "counter")


def test_names_have_base_units() -> None:
    for measure in MEASURES:
        assert measure.metric.startswith("weft_")
        ending = measure.metric.removesuffix("_total")
        if measure.unit in ("s", "bytes"):
            assert ending.endswith({"s": "_seconds", "bytes": "_bytes"}[measure.unit])


def test_every_metric_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for item in metrics():
        assert f"| `{item.name}` | {item.kind} | {', '.join(item.labels)} | {item.help} |" in page


def test_every_measure_is_found_in_a_look() -> None:
    assert {point.measure for point in points(LOOK)} == set(MEASURES)


def test_what_is_not_known_is_left_out() -> None:
    page = exposition([(FACTS, Look(0.0, "inactive"))])
    found = samples(page)
    assert [key[0] for key in found] == [INFO.name, "weft_function_up", "weft_function_failed"]
    assert exposition([]) == ""
