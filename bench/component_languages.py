"""Components in Java and JavaScript, against one in C that does the same."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.component_hop import source
from bench.figure import Figure, at_least

if TYPE_CHECKING:
    from bench.component import Rate
    from bench.setting import Setting

__all__ = ["measure"]

# Engine and component share a core: on cores of their own the faster one spins, and its waiting would be
# taken for work.
_PINS = (0, 0)
_DURATION_S = 1.5
_WARM_S = 3.0  # until what is compiled while it runs is compiled
_FILES = {"C": "touch.c", "Java": "Touch.java", "JavaScript": "touch.mjs"}


def measure(setting: Setting) -> list[Figure]:
    """The XOR of each packet's first 64 bytes, by batches: CPU of the component alone, and of all."""
    rates: dict[str, list[Rate]] = {language: [] for language in _FILES}
    for _ in range(setting.repeat):
        for language, found in rates.items():
            found.append(_rate(setting, language))
    others = [language for language in _FILES if language != "C"]
    return [_figure(language, rates[language], rates["C"], False) for language in others] + [
        _figure(language, rates[language], rates["C"], True) for language in others
    ]


def _rate(setting: Setting, language: str) -> Rate:
    parts = [part(setting, "touch", _FILES[language])]
    with graph(setting, chain(source(64), parts), parts, _PINS) as running:
        time.sleep(setting.seconds(_WARM_S))
        return running.measure(setting.seconds(_DURATION_S))


def _figure(language: str, subjects: list[Rate], references: list[Rate], whole: bool) -> Figure:
    def value(rate: Rate) -> float:
        return rate.per_cpu_s if whole else rate.per_cpu_s_of("touch")

    ours, theirs = list(map(value, subjects)), list(map(value, references))
    return Figure(
        f"component in {language} against C{', with the engine' if whole else ''}",
        "",
        at_least() if whole else at_least(0.3),
        tuple(a / b for a, b in zip(ours, theirs, strict=True)),
        {"subject": statistics.median(ours), "reference": statistics.median(theirs)},
    )
