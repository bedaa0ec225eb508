"""The engine alone: packets from nowhere to nowhere, against testpmd's null devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import finish, packets_per_cpu_s
from bench.figure import BrokenRunError, at_least
from bench.setting import Comparison, ratios
from bench.testpmd import null_io

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]


def measure(setting: Setting) -> list[Figure]:
    """Source to counter directly, and through a queue."""
    subjects = [
        Comparison("null path", at_least(1.0, 3.0), lambda: _direct(setting)),
        Comparison("null path through a queue", at_least(None, 1.2), lambda: _queued(setting)),
    ]
    with null_io(setting) as reference:
        return ratios(setting, reference, subjects)


def _source(packets: int) -> str:
    return f"InfiniteSource(LENGTH 64, LIMIT {packets}, BURST 32, TIMESTAMP false, STOP true)"


def _direct(setting: Setting) -> float:
    packets = setting.amount(200_000_000, 64_000)
    config = setting.folder / "null.click"
    config.write_text(f"{_source(packets)} -> c :: Counter -> Discard;\n")
    return packets_per_cpu_s(setting, config, c=packets)


def _queued(setting: Setting) -> float:
    """What the source made last is still in the queue when it asks to stop."""
    packets = setting.amount(100_000_000, 64_000)
    config = setting.folder / "null_queue.click"
    config.write_text(
        f"{_source(packets)} -> q :: Queue(1000) -> Unqueue(BURST 32) -> c :: Counter -> Discard;\n"
    )
    finished = finish(setting, config, "c.count", "q.length", "q.drops")
    counted, waiting, lost = finished.values.values()
    if counted + waiting != packets or lost != 0:
        raise BrokenRunError(
            f"{packets} made, {counted} counted, {waiting} in the queue, {lost} lost"
        )
    return counted / finished.cpu_s
