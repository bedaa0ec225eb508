"""What every figure is given: how often, how much, where, and with which programs."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figure import Figure, Goal
from bench.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Comparison", "Setting", "median", "ratios"]

_REFERENCES = Path(__file__).with_name("reference")


@dataclass(frozen=True, slots=True)
class Setting:
    """`smoke` makes every run tiny: it shows that things work, its times mean nothing."""

    folder: Path
    engine: str
    weft: str
    repeat: int = 5
    smoke: bool = False

    def amount(self, full: int, tiny: int) -> int:
        """How much of something."""
        return tiny if self.smoke else full

    def seconds(self, full: float) -> float:
        """How long to measure."""
        return 0.3 if self.smoke else full

    def reference(self, name: str) -> str:
        """The path of a reference program, built at first use."""
        built = self.folder / name
        if not built.exists():
            source = _REFERENCES / f"{name}.c"
            options = ("-O3", "-march=native", "-Wall", "-Wextra", "-Wno-unused-function")
            run(["cc", *options, "-o", str(built), str(source)]).checked()
        return str(built)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One subject of a ratio: `measure` gives packets per CPU-second, or whatever is compared."""

    name: str
    goal: Goal
    measure: Callable[[], float]


def ratios(
    setting: Setting, reference: Callable[[], float], subjects: Iterable[Comparison]
) -> list[Figure]:
    """Measure reference and subjects in turn, again and again; each round gives one ratio each."""
    chosen = list(subjects)
    found: dict[str, list[tuple[float, float]]] = {subject.name: [] for subject in chosen}
    for _ in range(setting.repeat):
        against = reference()
        for subject in chosen:
            found[subject.name].append((subject.measure(), against))
    return [_figure(subject, found[subject.name]) for subject in chosen]


def _figure(subject: Comparison, pairs: list[tuple[float, float]]) -> Figure:
    return Figure(
        subject.name,
        "",
        subject.goal,
        tuple(value / against for value, against in pairs),
        {
            "subject": median(value for value, _ in pairs),
            "reference": median(against for _, against in pairs),
        },
    )


def median(values: Iterable[float]) -> float:
    """The middle of them."""
    return statistics.median(values)
