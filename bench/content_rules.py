"""A sensor: a path with 0 to 1,000 content rules in it, against the same path without."""

from __future__ import annotations

import random
import string
import struct
import tempfile
from typing import TYPE_CHECKING

from bench.click import packets_per_cpu_s
from bench.figure import at_least
from bench.inputs import ONE_FLOW
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.figure import Figure, Goal
    from bench.setting import Setting

__all__ = ["measure"]

_PACKETS = 2_000_000
_FRAME_BYTES = 512
_HEADER_BYTES = 42
_PAYLOAD_BYTES = _FRAME_BYTES - _HEADER_BYTES
_CONTENT_BYTES = 12
_PATH = "-> Strip(14) -> CheckIPHeader -> Unstrip(14) {}-> passed :: Counter -> Discard;\n"
_GOALS = {0: at_least(0.35, 0.5), 100: at_least(0.04, 0.1), 1000: at_least(0.02, 0.05)}
_MIXED = 1000
_MIXED_BYTES = range(4, 31)
_MIXED_GOAL = at_least(0.02, 0.05)
_SYLLABLES = (
    *("a", "an", "be", "ca", "co", "con", "de", "di", "e", "el", "en", "er", "fi", "ge", "ha", "i"),
    *(
        "in",
        "is",
        "la",
        "le",
        "lo",
        "ma",
        "me",
        "mi",
        "na",
        "ne",
        "no",
        "o",
        "of",
        "on",
        "or",
        "pa",
    ),
    *(
        "per",
        "po",
        "pre",
        "ra",
        "re",
        "ri",
        "ro",
        "sa",
        "se",
        "si",
        "so",
        "ta",
        "ter",
        "the",
        "tion",
    ),
)


def measure(setting: Setting) -> list[Figure]:
    """Frames of 512 bytes of text, in which no rule finds anything, pass a check and the rules."""
    pick = random.Random(7)
    letters = _frame(_text(pick, _PAYLOAD_BYTES))
    words = _frame(_words(pick, _PAYLOAD_BYTES))
    figures = _against_none(
        setting,
        letters,
        {
            f"content rules, {count:,}, frames of {_FRAME_BYTES} bytes": (goal, _alike(count, pick))
            for count, goal in _GOALS.items()
        },
    )
    mixed = f"content rules, {_MIXED:,} of 4 to 30 bytes, frames of {_FRAME_BYTES} bytes"
    rules = _mixed(_MIXED, words, pick)
    return figures + _against_none(setting, words, {mixed: (_MIXED_GOAL, rules)})


def _against_none(
    setting: Setting, frame: bytes, rules: dict[str, tuple[Goal, list[str]]]
) -> list[Figure]:
    """Rules by the name of their figure, against a path that has none."""
    source = _source(setting, frame)
    subjects = [
        Comparison(name, goal, _run(setting, source, f"-> ContentRules({_file(setting, lines)}) "))
        for name, (goal, lines) in rules.items()
    ]
    return ratios(setting, _run(setting, source, ""), subjects)


def _text(pick: random.Random, length: int) -> str:
    return "".join(pick.choice(string.ascii_lowercase + " ") for _ in range(length))


def _words(pick: random.Random, length: int) -> str:
    """Words of one to three syllables: the same few letters stand together again and again."""
    text = ""
    while len(text) < length:
        text += "".join(pick.choices(_SYLLABLES, k=pick.randint(1, 3))) + " "
    return text[:length]


def _frame(text: str) -> bytes:
    """A frame of one flow that holds a text."""
    frame = bytearray(ONE_FLOW.frame()[:_HEADER_BYTES] + text.encode())
    struct.pack_into("!H", frame, 16, _FRAME_BYTES - 14)
    struct.pack_into("!H", frame, 38, _FRAME_BYTES - 34)
    struct.pack_into("!H", frame, 24, 0)
    total = sum(struct.unpack_from("!10H", frame, 14))
    total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into("!H", frame, 24, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
    return bytes(frame)


def _alike(count: int, pick: random.Random) -> list[str]:
    """Rules for every port, each with a content of its own, all of one length."""
    return [_rule(number, _text(pick, _CONTENT_BYTES)) for number in range(1, count + 1)]


def _mixed(count: int, frame: bytes, pick: random.Random) -> list[str]:
    """Rules with parts of words, as short and as long as those that people write, a third of them in
    both cases; none that the frame has."""
    lines: list[str] = []
    while len(lines) < count:
        content = _words(pick, pick.choice(_MIXED_BYTES))
        if content.encode() not in frame:
            lines.append(_rule(len(lines) + 1, content, " nocase;" if len(lines) % 3 == 0 else ""))
    return lines


def _rule(number: int, content: str, more: str = "") -> str:
    return f'alert udp any any -> any any (content:"{content}";{more} sid:{number};)\n'


def _file(setting: Setting, lines: list[str]) -> str:
    with tempfile.NamedTemporaryFile(
        "w", suffix=".rules", dir=setting.folder, delete=False
    ) as file:
        file.writelines(lines)
    return file.name


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
