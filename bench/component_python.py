"""Batches in a Python component: what they cost above the work itself."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.component_hop import PINS, source
from bench.figure import Figure, at_most

if TYPE_CHECKING:
    from bench.component import Graph
    from bench.setting import Setting

__all__ = ["measure"]

_ROUNDS = 20
_PATIENCE_S = 30.0
_POLL_S = 0.001
_ARGUMENTS = ", CAPACITY 4096, LIMIT 60s, CALL_LIMIT 60s"


def measure(setting: Setting) -> list[Figure]:
    """CPU time that a packet takes in full batches, less that of the same work alone in the same
    process. The work is NumPy's and, where it is installed, Numba's."""
    kinds = ["numpy", "numba"]
    if importlib.util.find_spec("numba") is None:
        print("numba is not installed, skipped;", end=" ", file=sys.stderr, flush=True)
        kinds.remove("numba")
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(setting.repeat):
        for kind, samples in found.items():
            samples.append(_sample(setting, kind))
    return [_figure(kind, samples) for kind, samples in found.items()]


def _sample(setting: Setting, kind: str) -> tuple[float, float]:
    """Nanoseconds a packet in the component, and alone."""
    parts = [part(setting, "py", "count_tcp.py", kind)]
    found: list[tuple[float, float]] = []
    with graph(setting, chain(source(64), parts, _ARGUMENTS), parts, PINS) as running:
        deadline = time.monotonic() + _PATIENCE_S
        while len(found) < setting.amount(_ROUNDS, 2):
            alone = float(running.read("py.alone"))
            inside = _inside(running, deadline)
            if inside > 0:
                found.append((inside, alone))
    inside, alone = map(statistics.median, zip(*found, strict=True))
    return inside, alone


def _inside(running: Graph, deadline: float) -> float:
    while not (inside := float(running.read("py.inside"))):
        running.check(deadline)
        time.sleep(_POLL_S)
    return inside


def _figure(kind: str, samples: list[tuple[float, float]]) -> Figure:
    name = {"numpy": "NumPy", "numba": "Numba"}[kind]
    inside, alone = map(statistics.median, zip(*samples, strict=True))
    return Figure(
        f"component in Python above its work, {name}",
        "ns",
        at_most(20),
        tuple(with_it - without for with_it, without in samples),
        {"inside": inside, "alone": alone},
    )
