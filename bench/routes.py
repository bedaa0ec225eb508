"""Route lookup in tables of 1,000 to 100,000 routes, against testpmd."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import at_least
from bench.inputs import ONE_FLOW, Flow, Route, make_routes, write_capture
from bench.setting import Comparison, ratios
from bench.testpmd import null_io

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_TARGETS = 100_000
_LATER = {1_000: 0.25, 10_000: 0.26, 100_000: 0.28}


def measure(setting: Setting) -> list[Figure]:
    """Both table elements, at each size."""
    subjects = [
        subject
        for size in _LATER
        for subject in _subjects(setting, setting.amount(size, size // 100), size)
    ]
    with null_io(setting) as reference:
        return ratios(setting, reference, subjects)


def _subjects(setting: Setting, routes: int, size: int) -> list[Comparison]:
    table = make_routes(routes)
    capture = setting.folder / f"routes{size}.pcap"
    flows = _flows(table, setting.amount(_TARGETS, 1_000))
    counts = write_capture(capture, flows, setting.amount(1_000_000, 2_000))
    expected = {"c0": 0, "c1": 0}
    outputs = _outputs(table, flows)
    for output, count in zip(outputs, counts, strict=True):
        expected[f"c{output}"] += count
    found = []
    for element in ("RadixIPLookup", "DirectIPLookup"):
        config = setting.folder / f"{element}{size}.click"
        listed = ", ".join(map(str, table))
        config.write_text(
            f"FromDump({capture}, STOP true) -> Strip(14) -> MarkIPHeader -> GetIPAddress(16)\n"
            f"-> table :: {element}({listed}, 0.0.0.0/0 1);\n"
            "table[0] -> c0 :: Counter -> Discard; table[1] -> c1 :: Counter -> Discard;\n"
        )
        found.append(
            Comparison(
                f"{element}, {size:,} routes",
                at_least(None, _LATER[size]),
                lambda config=config: packets_per_cpu_s(setting, config, **expected),  # type: ignore[misc]
            )
        )
    return found


def _flows(table: Sequence[Route], count: int) -> list[Flow]:
    """Packets to addresses that have a route."""
    pick = random.Random(6)
    flows = []
    for route in pick.choices(table, k=count):
        target = route.address | pick.randrange(1 << (32 - route.length))
        flows.append(Flow(ONE_FLOW.source, target, ONE_FLOW.protocol, 1234, 5678))
    return flows


def _outputs(table: Sequence[Route], flows: Sequence[Flow]) -> list[int]:
    """The output of the longest prefix of each flow's target."""
    by_length: dict[int, dict[int, int]] = {}
    for route in table:
        by_length.setdefault(route.length, {})[route.address >> (32 - route.length)] = route.output
    lengths = sorted(by_length, reverse=True)

    def output(target: int) -> int:
        for length in lengths:
            found = by_length[length].get(target >> (32 - length))
            if found is not None:
                return found
        return 1

    return [output(flow.target) for flow in flows]
