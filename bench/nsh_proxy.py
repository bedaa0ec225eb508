"""An SFC proxy: what it costs to take a packet's Network Service Header off and to put it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import Figure, at_most
from bench.setting import median

if TYPE_CHECKING:
    from bench.setting import Setting

__all__ = ["measure"]

_PACKETS = 20_000_000
_CHECKED = "NSHEncap(10{0}) -> EtherEncap(0x894f, 2:0:0:0:0:1, 2:0:0:0:0:2) -> CheckNSHHeader(14)"
_WITHOUT = "-> c :: Counter -> Discard;\n"
_WITH = "-> proxy :: NSHProxy; proxy [0] -> [1] proxy [1] -> c :: Counter -> Discard;\n"
_METADATA = {
    "MD type 1": ", CONTEXT 000102030405060708090a0b0c0d0e0f",
    "MD type 2, 12 bytes": ", TLV 0x0102:3:0001020304050607",
}


def measure(setting: Setting) -> list[Figure]:
    """CPU time of a packet that passes a proxy and comes back to it, less that of the same graph
    without the proxy: both make the packet, encapsulate it and check its header."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in _METADATA}
    for _ in range(setting.repeat):
        for name, samples in found.items():
            checked = _CHECKED.format(_METADATA[name])
            samples.append((_ns(setting, checked + _WITH), _ns(setting, checked + _WITHOUT)))
    return [_figure(name, samples) for name, samples in found.items()]


def _ns(setting: Setting, graph: str) -> float:
    """Nanoseconds of CPU time that a packet takes."""
    packets = setting.amount(_PACKETS, 64_000)
    source = f"InfiniteSource(LENGTH 64, LIMIT {packets}, BURST 32, TIMESTAMP false, STOP true)"
    config = setting.folder / "proxy.click"
    config.write_text(f"{source} -> {graph}")
    return 1e9 / packets_per_cpu_s(setting, config, c=packets)


def _figure(name: str, samples: list[tuple[float, float]]) -> Figure:
    return Figure(
        f"NSH proxy, strip and restore, {name}",
        "ns",
        at_most(15),
        tuple(with_it - without for with_it, without in samples),
        {
            "with the proxy": median(with_it for with_it, _ in samples),
            "without": median(without for _, without in samples),
        },
    )
