"""Seconds a person waits for the command line: whole processes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bench.cable import host
from bench.figure import BrokenRunError, Figure, at_most
from bench.platform import platform
from bench.process import run

if TYPE_CHECKING:
    from bench.setting import Setting

__all__ = ["measure"]

_FUNCTIONS = 3


def measure(setting: Setting) -> list[Figure]:
    """`weft --help`, and `weft ps` while functions run; in turn, after a rehearsal."""
    helps, lists = [], []
    with host("left") as left, host("right") as right, platform() as there:
        for number in range(_FUNCTIONS):
            there.start(there.request(f"ps{number}", left, right, f"ps{number}"))
        for _ in range(setting.repeat + 1):
            helps.append(run([setting.weft, "--help"]).checked().wall_s)
            lists.append(_ps(setting))
    return [
        Figure("`weft --help`", "s", at_most(0.15), tuple(helps[1:])),
        Figure(f"`weft ps`, {_FUNCTIONS} functions", "s", at_most(0.2), tuple(lists[1:])),
    ]


def _ps(setting: Setting) -> float:
    ended = run([setting.weft, "ps", "-o", "json"]).checked()
    states = [row["state"] for row in json.loads(ended.output)]
    if states != ["active"] * _FUNCTIONS:
        raise BrokenRunError(f"`weft ps` listed {states}, expected {_FUNCTIONS} active functions")
    return ended.wall_s
