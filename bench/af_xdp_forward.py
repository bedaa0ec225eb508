"""From device to device over AF_XDP, against the least that a C program can do the same with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.figure import at_least
from bench.forwarding import Forwarding, forwarding_figures

if TYPE_CHECKING:
    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]


def measure(setting: Setting) -> list[Figure]:
    """Frames that the reference never copies: it sends what it received from where it lies."""
    goal = at_least(0.9, 0.95)
    return forwarding_figures(setting, Forwarding("AF_XDP", "forward_xdp", goal))
