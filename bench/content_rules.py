"""A sensor: a path with 0 to 1,000 content rules in it, against the same path without."""

from __future__ import annotations

import random
import string
import struct
from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import at_least
from bench.inputs import ONE_FLOW
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.figure import Figure
    from bench.setting import Setting

__all__ = ["measure"]

_PACKETS = 2_000_000
_FRAME_BYTES = 512
_CONTENT_BYTES = 12
_PATH = "-> Strip(14) -> CheckIPHeader -> Unstrip(14) {}-> passed :: Counter -> Discard;\n"
_GOALS = {0: at_least(0.35, 0.5), 100: at_least(0.04, 0.1), 1000: at_least(0.02, 0.05)}


def measure(setting: Setting) -> list[Figure]:
    """Frames of 512 bytes of text, in which no rule finds anything, pass a check and the rules."""
    pick = random.Random(7)
    source = _source(setting, _frame(pick))
    subjects = [
        Comparison(
            f"content rules, {count:,}, frames of {_FRAME_BYTES} bytes",
            goal,
            _run(setting, source, f"-> ContentRules({_rules(setting, count, pick)}) "),
        )
        for count, goal in _GOALS.items()
    ]
    return ratios(setting, _run(setting, source, ""), subjects)


def _text(pick: random.Random, length: int) -> str:
    return "".join(pick.choice(string.ascii_lowercase + " ") for _ in range(length))


def _frame(pick: random.Random) -> bytes:
    """A frame of one flow, long enough to hold text."""
    frame = bytearray(ONE_FLOW.frame()[:42] + _text(pick, _FRAME_BYTES - 42).encode())
    struct.pack_into("!H", frame, 16, _FRAME_BYTES - 14)
    struct.pack_into("!H", frame, 38, _FRAME_BYTES - 34)
    struct.pack_into("!H", frame, 24, 0)
    total = sum(struct.unpack_from("!10H", frame, 14))
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", frame, 24, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
    return bytes(frame)


def _rules(setting: Setting, count: int, pick: random.Random) -> Path:
    """A file of rules for every port, each with a content of its own."""
    path = setting.folder / f"{count}.rules"
    lines = [
        f'alert udp any any -> any any (content:"{_text(pick, _CONTENT_BYTES)}"; sid:{number};)\n'
        for number in range(1, count + 1)
    ]
    path.write_text("".join(lines))
    return path


def _source(setting: Setting, frame: bytes) -> tuple[str, int]:
    packets = setting.amount(_PACKETS, 6_400)
    data = f"DATA \\<{frame.hex()}>, LIMIT {packets}, BURST 32"
    return f"InfiniteSource({data}, TIMESTAMP false, STOP true) ", packets


def _run(setting: Setting, source: tuple[str, int], element: str) -> Callable[[], float]:
    text, packets = source

    def run() -> float:
        config = setting.folder / "content_rules.click"
        config.write_text(text + _PATH.format(element))
        return packets_per_cpu_s(setting, config, passed=packets)

    return run
