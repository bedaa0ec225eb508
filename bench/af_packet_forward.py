"""From device to device over AF_PACKET, against the least that a C program can do the same with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figure import at_least
from bench.forwarding import Forwarding, forwarding_figures

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]


def measure(setting: Setting) -> list[Figure]:
    """A ring to receive, `sendmmsg` to send."""
    return forwarding_figures(setting, Forwarding("AF_PACKET", "forward", at_least(0.9, 0.95)))
