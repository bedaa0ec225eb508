"""NSHSign and NSHVerify against codes computed here: RFC 9145 with HMAC-SHA-256-128, byte by byte."""

from __future__ import annotations

import hashlib
import hmac
import random
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.pcap import read_pcap, write_pcap
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from pathlib import Path

ETHERNET = bytes.fromhex("020000000001020000000002894f")
KEY = bytes(range(32))
# Virtual time begins here.
NOW_S = 1_000_000_000
KINDS = {1: 2, 2: 3}


def context_header(number: int, kind: int, value: bytes) -> bytes:
    return struct.pack("!HBB", number, kind, len(value)) + value + b"\0" * (-len(value) % 4)


def header(options: bytes, next_protocol: int, path: int, ttl: int) -> bytes:
    words = (8 + len(options)) // 4
    return struct.pack("!HBBI", ttl << 6 | words, 2, next_protocol, path) + options


def signed(
    fields: tuple[bytes, int, int, int], payload: bytes, mac: int, key_id: bytes, time: int
) -> bytes:
    """The packet with a code at the end of its header."""
    options, next_protocol, path, ttl = fields
    value = bytes([len(key_id)]) + key_id + struct.pack("!QB", time, 0)
    whole = header(
        options + context_header(0, KINDS[mac], value + bytes(16)), next_protocol, path, ttl
    )
    at = 8 + len(options) + 4 + len(value)
    covered = whole[4 if mac == 1 else 0 : at] + whole[at + 16 :]
    if next_protocol != 0:
        covered += payload
    code = hmac.new(KEY, covered, hashlib.sha256).digest()[:16]
    return whole[:at] + code + whole[at + 16 :] + payload


def fields_of(random_: random.Random) -> tuple[bytes, int, int, int]:
    options = b"".join(
        context_header(random_.randrange(1, 2**16), random_.randrange(256), random_.randbytes(n))
        for n in random_.choices(range(20), k=random_.randrange(4))
    )
    return (
        options,
        random_.randrange(6),
        random_.randrange(2**32),
        random_.randrange(64),
    )


def run(folder: Path, graph: str, frames: list[bytes]) -> list[bytes]:
    """What comes out of a graph behind CheckNSHHeader."""
    write_pcap(folder / "in.pcap", frames)
    config = (
        "FromDump(in.pcap, STOP true) -> CheckNSHHeader(14) "
        f"-> {graph} -> ToDump(out.pcap, SNAPLEN 0);"
    )
    done = subprocess.run(
        [engine_binary(), "click", "--simtime", "-e", config],
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read_pcap(folder / "out.pcap")


@pytest.mark.parametrize("mac", [1, 2])
@pytest.mark.parametrize("key_id", [b"k1", b"\x00\xff\x80", b"i" * 101])
def test_codes_are_those_computed_here(tmp_path: Path, mac: int, key_id: bytes) -> None:
    source = random.Random(f"{mac} {key_id!r}")
    plain, expected = [], []
    for number in range(200):
        fields, payload = fields_of(source), source.randbytes(source.randrange(1, 300))
        plain.append(ETHERNET + header(*fields) + payload)
        # Times of one element differ, by the least there is where the clock has not moved.
        time = (NOW_S << 32) + number
        expected.append(ETHERNET + signed(fields, payload, mac, key_id, time))
    key = f"0x{key_id.hex()}:{KEY.hex()}"
    assert run(tmp_path, f"NSHSign({key}, MAC {mac})", plain) == expected
    assert run(tmp_path, f"NSHVerify({key})", expected) == expected


@pytest.mark.parametrize("mac", [1, 2])
def test_no_changed_bit_passes_that_is_covered(tmp_path: Path, mac: int) -> None:
    whole = signed((b"", 3, 10 << 8 | 255, 63), b"payload", mac, b"k1", NOW_S << 32)
    changed = [
        (bit, (int.from_bytes(whole) ^ 1 << (len(whole) * 8 - 1 - bit)).to_bytes(len(whole)))
        for bit in range(len(whole) * 8)
    ]
    passed = run(
        tmp_path,
        f"NSHVerify(k1:{KEY.hex()}, REPLAY 0)",
        [ETHERNET + packet for _, packet in changed],
    )
    bits = {ETHERNET + packet: bit for bit, packet in changed}
    through = {bits[frame] for frame in passed}
    unassigned, ttl, next_protocol = {3, 16, 17, 18, 19}, set(range(4, 10)), {29, 30, 31}
    # Next protocols 3 ^ 1, 3 ^ 2 and 3 ^ 4: the last, 7, is for OAM packets only.
    expected = unassigned | ttl | next_protocol - {29} if mac == 1 else set()
    assert through == expected
