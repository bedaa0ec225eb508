"""Chains of components in several languages: whether every packet comes through as it should."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.component import chain, graph, part
from bench.figure import BrokenRunError, Figure, at_least, at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.setting import Setting

__all__ = ["CHAINS", "carried", "measure"]

CHAINS = {
    "python, c, java": ("pass.py", "pass.c", "Pass.java"),
    "python, c, javascript": ("pass.py", "pass.c", "pass.mjs"),
}
_AMOUNTS = {64: 10_000_000, 1500: 1_000_000}
_TINY = 20_000
_TIMEOUT_S = 300.0
_ARGUMENTS = ", FALLBACK hold, LIMIT 30s"


def measure(setting: Setting) -> list[Figure]:
    """Each packet carries its number and bytes that follow from it, and every component counts in a
    byte of its own. Once, however many samples are asked for: nothing here depends on time."""
    figures: list[Figure] = []
    for name, files in CHAINS.items():
        for length, amount in _AMOUNTS.items():
            packets = setting.amount(amount, _TINY)
            begun = time.perf_counter()
            right = carried(setting, files, length, packets)
            rate = packets / (time.perf_counter() - begun)
            what = f"{packets:,} packets of {length} bytes through {name}"
            figures.append(Figure(f"{what}: not intact", "", at_most(0), (packets - right,)))
            figures.append(Figure(f"{what}: rate", "packets/s", at_least(), (rate,)))
    return figures


def carried(setting: Setting, files: Sequence[str], length: int, packets: int) -> int:
    """How many of these packets a chain carried intact, in order. BrokenRunError when they are not
    accounted for: each comes out, once."""
    stamp = part(setting, "stamp", "stamp.c")
    passing = [part(setting, f"pass{index}", file, str(index)) for index, file in enumerate(files)]
    check = part(setting, "check", "check.c", str(length), str(len(files)))
    parts = [stamp, *passing, check]
    source = f"s :: InfiniteSource(LENGTH {length}, LIMIT {packets}, BURST 64, TIMESTAMP false)"
    with graph(setting, chain(source, parts, _ARGUMENTS), parts) as running:
        running.wait_until("out.count", str(packets), _TIMEOUT_S)
        counts = {name: int(running.read(name)) for name in ("s.count", "stamp.stamped")}
        right, wrong = (int(running.read(f"check.{name}")) for name in ("right", "wrong"))
        left = sum(int(running.read(f"{one.key}.in_flight")) for one in parts)
    if set(counts.values()) != {packets} or right + wrong != packets or left:
        raise BrokenRunError(
            f"{packets} packets: {counts}, {right} right, {wrong} wrong, {left} left"
        )
    return right
