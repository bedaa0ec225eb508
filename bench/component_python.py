"""Batches in a Python component: what they cost above the work itself."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.component_hop import source
from bench.figure import BrokenRunError, Figure, at_most

if TYPE_CHECKING:
    from bench.setting import Setting

__all__ = ["measure"]

_DURATION_S = 1.5
_WARM_S = 0.5
_ARGUMENTS = ", CAPACITY 1024, LIMIT 60s, CALL_LIMIT 60s"


def measure(setting: Setting) -> list[Figure]:
    """CPU time of the component a packet, less that of the same work alone in the same process. The
    work is NumPy's and, where it is installed, Numba's."""
    kinds = ["numpy", "numba"]
    if importlib.util.find_spec("numba") is None:
        print("numba is not installed, skipped;", end=" ", file=sys.stderr, flush=True)
        kinds.remove("numba")
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for _ in range(setting.repeat):
        for kind, samples in found.items():
            samples.append(_sample(setting, kind))
    return [_figure(kind, samples) for kind, samples in found.items()]


def _sample(setting: Setting, kind: str) -> tuple[float, float, float]:
    """Nanoseconds a packet in the component and alone, and packets a batch."""
    parts = [part(setting, "py", "count_tcp.py", kind)]
    text = chain(source(64), parts, _ARGUMENTS).replace("BURST 64", "BURST 256")
    with graph(setting, text, parts, (0, 1)) as running:
        alone_ns = [float(running.read("py.bare"))]
        time.sleep(setting.seconds(_WARM_S))
        batches = int(running.read("py.batches"))
        rate = running.measure(setting.seconds(_DURATION_S))
        batches = int(running.read("py.batches")) - batches
        alone_ns.append(float(running.read("py.bare")))
    if not batches:
        raise BrokenRunError("the component took no batch")
    return 1e9 / rate.per_cpu_s_of("py"), statistics.mean(alone_ns), rate.packets / batches


def _figure(kind: str, samples: list[tuple[float, float, float]]) -> Figure:
    name = {"numpy": "NumPy", "numba": "Numba"}[kind]
    inside, alone, batch = map(statistics.median, zip(*samples, strict=True))
    return Figure(
        f"component in Python above its work, {name}",
        "ns",
        at_most(20),
        tuple(with_it - without for with_it, without, _ in samples),
        {"inside": inside, "alone": alone, "batch": batch},
    )
