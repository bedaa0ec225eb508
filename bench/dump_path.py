"""From one capture file to another through an element that changes packets, against testpmd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import BrokenRunError, at_least
from bench.inputs import make_flows, write_capture
from bench.setting import Comparison, ratios
from bench.testpmd import null_io

if TYPE_CHECKING:
    from pathlib import Path

    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]


def measure(setting: Setting) -> list[Figure]:
    """FromDump, DecIPTTL, ToDump; the file written is as large as the one read."""
    packets = setting.amount(1_000_000, 2_000)
    source, target = setting.folder / "dump_in.pcap", setting.folder / "dump_out.pcap"
    write_capture(source, make_flows(10_000), packets)
    config = setting.folder / "dump.click"
    config.write_text(
        f"FromDump({source}, STOP true) -> Strip(14) -> CheckIPHeader -> DecIPTTL -> Unstrip(14)\n"
        f"-> passed :: Counter -> ToDump({target}, SNAPLEN 0);\n"
    )
    subject = Comparison(
        "dump to dump",
        at_least(None, 0.10),
        lambda: _copy(setting, config, source, target, packets),
    )
    with null_io(setting) as reference:
        return ratios(setting, reference, [subject])


def _copy(setting: Setting, config: Path, source: Path, target: Path, packets: int) -> float:
    rate = packets_per_cpu_s(setting, config, passed=packets)
    if target.stat().st_size != source.stat().st_size:
        raise BrokenRunError(f"{target.stat().st_size} bytes written, {source.stat().st_size} read")
    return rate
