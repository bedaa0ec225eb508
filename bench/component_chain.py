"""Three components in C one behind the other, against one of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.component_hop import PINS, source
from bench.figure import at_least
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_DURATION_S = 1.5
_LENGTHS = (64, 1514)


def measure(setting: Setting) -> list[Figure]:
    """Each touches 64 bytes of every packet; CPU of all processes together. The engine has one core,
    and all components the other."""
    return [_at_length(setting, length) for length in _LENGTHS]


def _at_length(setting: Setting, length: int) -> Figure:
    name = f"chain of three components against one, {length} bytes"
    goal = at_least(0.5) if length == _LENGTHS[0] else at_least()
    subject = Comparison(name, goal, lambda: _rate(setting, 3, length))
    [figure] = ratios(setting, lambda: _rate(setting, 1, length), [subject])
    return figure


def _rate(setting: Setting, count: int, length: int) -> float:
    parts = [part(setting, f"touch{number}", "touch.c") for number in range(count)]
    with graph(setting, chain(source(length), parts), parts, PINS) as running:
        return running.measure(setting.seconds(_DURATION_S)).per_cpu_s
