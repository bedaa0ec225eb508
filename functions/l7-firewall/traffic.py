"""Invented traffic: what the example signature is about, and what only resembles it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

__all__ = ["GREETING", "greeting", "lookalikes"]

_HEAD = bytes.fromhex("80 46 01 03 01 00 2d 00 00 00 10")
_SUITES = bytes.fromhex(
    "00 00 05 00 00 04 00 00 0a 00 00 09 00 00 64 00 00 62 00 00 08 00 00 03 00 00 06"
    "01 00 80 07 00 c0 03 00 80 06 00 40 02 00 80 04 00 80"
)
_NONCE = bytes.fromhex("57 41 f0 0d c0 ff ee 11 92 a3 b4 c5 d6 e7 f8 09")
GREETING = _HEAD + _SUITES + _NONCE
"""The greeting of 72 bytes; what follows it repeats its last 16."""


def greeting(random: Random, between: int = 24) -> bytes:
    """What the signature `skype-like` is found in: the greeting, other bytes, the nonce once more."""
    nonce = bytes(random.sample(range(256), 16))
    return GREETING[:-16] + nonce + random.randbytes(between) + nonce + b"end"


def lookalikes(random: Random) -> list[bytes]:
    """Payloads that lack one thing each, and pass."""
    whole = greeting(random)
    return [
        GREETING,  # no nonce behind it
        whole[:72] + whole[72:].replace(whole[56:72], random.randbytes(16)),  # another one
        b"\x16" + whole,  # everything one byte later
        whole[:11] + bytes(9) + whole[20:],  # other suites
        GREETING[:-16] + bytes(64),  # a repetition of nothing
        whole[: 72 + 24 + 15],  # cut short
    ]
