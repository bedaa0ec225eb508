"""Address and port translation of 10,000 flows, against testpmd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import at_least
from bench.inputs import make_flows, write_capture
from bench.setting import Comparison, ratios
from bench.testpmd import null_io

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_PATTERN = "pattern 198.51.100.1-198.51.100.4 1024-65535# - - 0 1"
_ENCAPSULATE = "EtherEncap(0x0800, 02:00:00:00:00:01, 02:00:00:00:00:02)"


def measure(setting: Setting) -> list[Figure]:
    """Every packet leaves by the pattern's first output."""
    packets = setting.amount(1_000_000, 2_000)
    capture, config = setting.folder / "nat.pcap", setting.folder / "nat.click"
    write_capture(capture, make_flows(10_000), packets)
    config.write_text(
        f"FromDump({capture}, STOP true) -> Strip(14) -> CheckIPHeader\n"
        f"-> rewriter :: IPRewriter({_PATTERN})\n"
        f"-> {_ENCAPSULATE} -> passed :: Counter -> Discard;\n"
        "rewriter[1] -> back :: Counter -> Discard;\n"
    )
    subject = Comparison(
        "NAT, 10,000 flows",
        at_least(None, 0.17),
        lambda: packets_per_cpu_s(setting, config, passed=packets, back=0),
    )
    with null_io(setting) as reference:
        return ratios(setting, reference, [subject])
