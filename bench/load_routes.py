"""Seconds it takes to read and initialize a configuration with a large route table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import configuring_s
from bench.figure import Figure, at_most
from bench.inputs import make_routes

if TYPE_CHECKING:
    from bench.setting import Setting

__all__ = ["measure"]

_TABLES = {
    "LinearIPLookup": (10_000, at_most(None, 0.1)),
    "RadixIPLookup": (100_000, at_most()),
    "DirectIPLookup": (100_000, at_most()),
}


def measure(setting: Setting) -> list[Figure]:
    """CPU-seconds, each sample a process of its own."""
    figures = []
    for element, (routes, goal) in _TABLES.items():
        table = ", ".join(map(str, make_routes(setting.amount(routes, 100))))
        config = setting.folder / f"load_{element}.click"
        config.write_text(
            f"Idle -> GetIPAddress(16) -> table :: {element}({table}, 0.0.0.0/0 1);\n"
            "table[0], table[1] -> Discard;\n"
        )
        samples = tuple(configuring_s(setting, config) for _ in range(setting.repeat))
        figures.append(Figure(f"loading {routes:,} routes, {element}", "s", goal, samples))
    return figures
