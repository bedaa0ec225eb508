"""What is measured, in the text format that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.manager.monitoring.measures import MEASURES, Subject
from weft.manager.monitoring.points import points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.manager.monitoring.measures import Measure
    from weft.manager.monitoring.points import Point
    from weft.model.function import FunctionFacts
    from weft.model.look import Look

__all__ = ["INFO", "Metric", "exposition", "metrics"]

COMMON = ("function", "uuid")


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as it is documented."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...]


INFO = Metric(
    "weft_function_info",
    "gauge",
    "1 for each function; its labels say what it is",
    (*COMMON, "project", "package", "version", "sandbox", "state"),
)


def metrics() -> list[Metric]:
    """Every metric there is."""
    return [INFO, *(_metric(measure) for measure in MEASURES)]


def exposition(looks: Sequence[tuple[FunctionFacts, Look]]) -> str:
    """The page: each metric with its help, its type, and its samples."""
    found: dict[Measure, list[tuple[dict[str, str], float]]] = {item: [] for item in MEASURES}
    infos = []
    for facts, look in looks:
        common = {"function": facts.name, "uuid": str(facts.uuid)}
        infos.append((common | _info(facts, look), 1.0))
        for point in points(look):
            found[point.measure].append((common | _labels(point), point.value))
    lines = _family(INFO, infos)
    for measure, samples in found.items():
        lines += _family(_metric(measure), samples)
    return "".join(f"{line}\n" for line in lines)


def _metric(measure: Measure) -> Metric:
    labels: tuple[str, ...] = COMMON
    if measure.subject is Subject.VALUE:
        labels += ("component", "value", "unit")
    elif measure.subject is not Subject.FUNCTION:
        labels += (measure.subject.value,)
    if measure.by_reason:
        labels += ("reason",)
    return Metric(measure.metric, measure.kind.value, measure.help, labels)


def _info(facts: FunctionFacts, look: Look) -> dict[str, str]:
    return {
        "project": facts.project,
        "package": facts.package,
        "version": facts.version,
        "sandbox": facts.sandbox_kind,
        "state": look.state,
    }


def _labels(point: Point) -> dict[str, str]:
    measure = point.measure
    if measure.subject is Subject.VALUE:
        component, _, value = point.subject.rpartition(".")
        return {"component": component, "value": value, "unit": point.detail}
    labels = {} if measure.subject is Subject.FUNCTION else {measure.subject.value: point.subject}
    return labels | ({"reason": point.detail} if measure.by_reason else {})


def _family(metric: Metric, samples: Sequence[tuple[dict[str, str], float]]) -> list[str]:
    if not samples:
        return []
    lines = [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
    for labels, value in samples:
        told = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
        number = str(int(value)) if value.is_integer() else repr(value)
        lines.append(f"{metric.name}{{{told}}} {number}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
