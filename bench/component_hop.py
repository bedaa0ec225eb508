"""From the engine to a component in another process, against a pair of testpmd over memif."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.figure import Goal, at_least
from bench.memif import memif_pair
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["PINS", "measure", "source"]

_DURATION_S = 1.5
PINS = (0, 1)  # cores of the engine and of components


def measure(setting: Setting) -> list[Figure]:
    """Packets of 64 and 1514 bytes to a C component that touches 64 bytes of each, and back; against
    a pair that sends them one way, and one that sends them back as well."""
    figures: list[Figure] = []
    for length, goal in ((64, at_least(1.2)), (1514, at_least())):
        for echo in (False, True):
            figures += _at_length(setting, length, echo, goal if not echo else at_least())
    return figures


def _at_length(setting: Setting, length: int, echo: bool, goal: Goal) -> list[Figure]:
    against = "memif there and back" if echo else "memif one way"
    name = f"component and back against {against}, {length} bytes"
    subject = Comparison(name, goal, lambda: _component(setting, length))
    with memif_pair(setting, length, echo) as reference:
        return ratios(setting, reference, [subject])


def source(length: int) -> str:
    """Packets without end."""
    return f"InfiniteSource(LENGTH {length}, LIMIT -1, BURST 64, TIMESTAMP false)"


def _component(setting: Setting, length: int) -> float:
    parts = [part(setting, "touch", "touch.c")]
    with graph(setting, chain(source(length), parts), parts, PINS) as running:
        return running.measure(setting.seconds(_DURATION_S)).per_cpu_s
