"""A monitor: what it costs to count a packet for its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import Figure, at_most
from bench.inputs import make_flows, write_capture
from bench.setting import median

if TYPE_CHECKING:
    from pathlib import Path

    from bench.setting import Setting

__all__ = ["measure"]

_PACKETS = 1_000_000
_FLOWS = {"1 flow": 1, "10,000 flows": 10_000}
_GOALS = {"1 flow": at_most(100, 50), "10,000 flows": at_most(250, 100)}


def measure(setting: Setting) -> list[Figure]:
    """CPU time of a packet that is counted, less that of the same path without the monitor."""
    captures = {name: _capture(setting, name, count) for name, count in _FLOWS.items()}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _FLOWS}
    for _ in range(setting.repeat):
        for name, samples in found.items():
            with_it = _ns(setting, captures[name], "-> FlowMonitor ")
            samples.append((with_it, _ns(setting, captures[name], "")))
    return [_figure(name, samples) for name, samples in found.items()]


def _capture(setting: Setting, name: str, flows: int) -> Path:
    path = setting.folder / f"{name.replace(' ', '_').replace(',', '')}.pcap"
    write_capture(path, make_flows(flows), setting.amount(_PACKETS, 2_000))
    return path


def _ns(setting: Setting, capture: Path, element: str) -> float:
    """Nanoseconds of CPU time that a packet takes."""
    config = setting.folder / "monitor.click"
    config.write_text(f"FromDump({capture}, STOP true) {element}-> c :: Counter -> Discard;\n")
    return 1e9 / packets_per_cpu_s(setting, config, c=setting.amount(_PACKETS, 2_000))


def _figure(name: str, samples: list[tuple[float, float]]) -> Figure:
    return Figure(
        f"counting a packet for its flow, {name}",
        "ns",
        _GOALS[name],
        tuple(with_it - without for with_it, without in samples),
        {
            "with the monitor": median(with_it for with_it, _ in samples),
            "without": median(without for _, without in samples),
        },
    )
