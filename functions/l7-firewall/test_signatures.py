"""What signatures say, what is wrong with one, and that both analyzers take packets apart alike."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

HERE = Path(__file__).parent
MODULES = ("signatures", "detector", "traffic", "scapy_analyzer", "numpy_analyzer")


@pytest.fixture(scope="module")
def parts() -> Iterator[dict[str, ModuleType]]:
    """The modules of the package, which finds them beside its components."""
    sys.path.insert(0, str(HERE))
    try:
        yield {name: importlib.import_module(name) for name in MODULES}
    finally:
        sys.path.remove(str(HERE))
        for name in MODULES:
            sys.modules.pop(name, None)


@pytest.fixture
def read(parts: dict[str, ModuleType]) -> Any:
    return parts["signatures"].read_signatures


def one(**changes: str) -> str:
    """A signature with these lines in place of its own; an empty one goes."""
    lines = {"number": "7", "name": '"x"', "ports": "[80]", "patterns": '[{bytes = "61 62"}]'}
    lines |= changes
    return "[[signature]]\n" + "".join(f"{key} = {line}\n" for key, line in lines.items() if line)


def test_the_example_finds_the_greeting_and_nothing_that_resembles_it(
    parts: dict[str, ModuleType], read: Any
) -> None:
    [signature] = read((HERE / "signatures.toml").read_text())
    random = Random(1)
    for between in (0, 1, 24, 1300):
        assert signature.is_in(5000, 443, parts["traffic"].greeting(random, between))
        assert signature.is_in(80, 5000, parts["traffic"].greeting(random, between))
        assert not signature.is_in(5000, 8080, parts["traffic"].greeting(random, between))
    for payload in parts["traffic"].lookalikes(random):
        assert not signature.is_in(5000, 443, payload)


@pytest.mark.parametrize(
    ("pattern", "payload", "is_there"),
    [
        ('{bytes = "61 62"}', b"xxab", True),
        ('{bytes = "61 62", at = 2}', b"xxab", True),
        ('{bytes = "61 62", at = 1}', b"xxab", False),
        ('{bytes = "61 62", from = 3}', b"xxab", False),
        ('{bytes = "61 ?? 63"}', b"xa\nc", True),
        ('{bytes = "5b 2a"}', b"[*", True),
        ('{bytes = "61 62"}', bytes(70) + b"ab", True),
        ('{bytes = "61 62"}', bytes(71) + b"ab", False),
    ],
)
def test_a_pattern_lies_within_the_first_bytes(
    read: Any, pattern: str, payload: bytes, is_there: bool
) -> None:
    [signature] = read(one(patterns=f"[{pattern}]"))
    assert signature.is_in(80, 9, payload) is is_there


@pytest.mark.parametrize(
    ("repeated", "payload", "is_there"),
    [
        ("{length = 4}", b"ab.abcd..abcd", True),
        ("{length = 4}", b"ab.abcd..bbce", False),
        ("{length = 4, distinct = 1}", b"abaaaaaaa", False),  # two would overlap
        ("{length = 4, distinct = 1}", b"abaaaaaaaa", True),
        ("{length = 4}", b"abaaaaaaaa", False),  # one value is no data
        ("{length = 4, times = 3}", b"ab.abcd.abcd", False),
        ("{length = 4, times = 3}", b"ab.abcd.abcd.abcd", True),
        ("{length = 4, from = 4}", b"ab.abcd.abcd", False),
        ("{length = 4, positions = [2, 7]}", b"ababcd.abcd", True),
        ("{length = 4, positions = [2, 7]}", b"abcdef.cdef", True),
        ("{length = 4, positions = [2, 7]}", b"abcdef.cdeg", False),
        ("{length = 4, positions = [2, 7], differing = 1}", b"abcdef.cdeg", True),
        ("{length = 4, positions = [2, 7]}", b"abcdef.cde", False),
    ],
)
def test_a_repetition_is_similar_data_at_different_positions(
    read: Any, repeated: str, payload: bytes, is_there: bool
) -> None:
    [signature] = read(one(repeated=repeated))
    assert signature.is_in(80, 9, payload) is is_there


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[signature", "not TOML: "),
        ("signature = 1", "'signature' is no list of tables; write [[signature]]"),
        ("rule = 1", "'rule' is not known; allowed: tables [[signature]]"),
        (one(number="0"), "signature 1: number: 0 is not a whole number from 1 to 255"),
        (one(name='"a b"'), "signature 1: name: 'a b' is no name; allowed: letters, digits, . _ -"),
        (one(ports="[]"), "signature 1: ports: a list with one item or more is needed"),
        (one(ports="[-1]"), "signature 1: ports: -1 is not a whole number from 0 to 65535"),
        (one(patterns=""), "signature 1: 'patterns' is missing"),
        (one(port="1"), "signature 1: 'port' is not known; allowed: first, name, number, patterns"),
        (
            one(patterns='[{bytes = "6"}]'),
            "signature 1: patterns: bytes: '6' is not understood; "
            "allowed: bytes in hexadecimal, and ?? for any, as in '80 46 ?? 03'",
        ),
        (
            one(patterns='[{bytes = "61", at = 72}]'),
            "signature 1: patterns: at: 72 is not a whole number from 0 to 71",
        ),
        (
            one(patterns='[{bytes = "61", at = 1, from = 1}]'),
            "signature 1: patterns: 'at' and 'from' exclude each other",
        ),
        (one(repeated="16"), "signature 1: repeated: 16 is no table such as {length = 16}"),
        (
            one(repeated="{length = 4, differing = 1}"),
            "signature 1: repeated: 'differing' is only for 'positions'",
        ),
        (
            one(repeated="{length = 4, positions = [1]}"),
            "signature 1: repeated: positions: there must be two or more",
        ),
        (one() + one(name='"y"'), "number 7 is given to more than one signature"),
    ],
)
def test_what_is_wrong_is_told_with_what_is_allowed(read: Any, text: str, complaint: str) -> None:
    with pytest.raises(ValueError) as raised:
        read(text)
    assert str(raised.value).startswith(complaint)


def test_both_analyzers_take_thousands_of_packets_apart_alike(
    parts: dict[str, ModuleType], read: Any
) -> None:
    [signature] = read((HERE / "signatures.toml").read_text())
    verdicts = {"scapy_analyzer": [], "numpy_analyzer": []}  # type: dict[str, list[Any]]
    random = Random(2)
    frames = [make_frame(random, parts["traffic"]) for _ in range(3000)]
    for name, found in verdicts.items():
        for frame in frames:
            dissected = parts[name].dissect(frame)
            found.append((dissected, dissected is not None and signature.is_in(*dissected)))
    assert verdicts["scapy_analyzer"] == verdicts["numpy_analyzer"]
    kinds = [sum(hit for _, hit in verdicts["numpy_analyzer"]), len(frames)]
    assert 200 < kinds[0] < kinds[1]


def test_no_packet_that_bears_a_signature_is_passed_over_in_a_large_batch(
    parts: dict[str, ModuleType], read: Any
) -> None:
    [signature] = read((HERE / "signatures.toml").read_text())
    random = Random(3)
    frames = [make_frame(random, parts["traffic"]) for _ in range(2000)]
    chosen = parts["numpy_analyzer"].candidates(Columns(frames), signature.ports)
    dissect = parts["numpy_analyzer"].dissect
    passed_over = [frame for frame, may in zip(frames, chosen, strict=True) if not may]
    assert len(passed_over) > 100
    for frame in passed_over:
        dissected = dissect(frame)
        assert dissected is None or not signature.ports & set(dissected[:2])


class Columns:
    """The bytes of frames, as a batch gives them."""

    def __init__(self, frames: list[bytes]) -> None:
        longest = max(map(len, frames))
        padded = b"".join(frame.ljust(longest, b"\0") for frame in frames)
        self._bytes = np.frombuffer(padded, np.uint8).reshape(len(frames), longest)

    def columns(self, start: int, stop: int) -> NDArray[np.uint8]:
        return self._bytes[:, start:stop].copy()


def make_frame(random: Random, traffic: ModuleType) -> bytes:
    """Any frame: often web traffic, sometimes with a changed byte in its headers, cut, or padded."""
    payload = random.choice(
        [traffic.greeting(random), *traffic.lookalikes(random), b"", random.randbytes(100)]
    )
    if random.random() < 0.5:
        payload = traffic.greeting(random)
    ports = random.choices([80, 443, 5000], k=2)
    protocol, segment = random.choice([tcp_segment, udp_datagram])(random, ports, payload)
    kind, packet = random.choice([ipv4_packet, ipv4_packet, ipv6_packet])(protocol, segment)
    tags = b"".join(
        random.choice([b"\x81\x00", b"\x88\xa8"]) + random.randbytes(2)
        for _ in range(random.choice([0, 0, 0, 1, 2]))
    )
    frame = bytearray(bytes(12) + tags + kind + packet + bytes(random.choice([0, 0, 0, 7])))
    change = random.randrange(8)
    if change == 0:
        del frame[random.randrange(len(frame) + 1) :]
    elif change < 4:
        values = [0, 1, 6, 17, 0x45, 0x46, 0x4F, 0x60, 0x80, 0xFF, random.randrange(256)]
        frame[random.randrange(12, min(70, len(frame)))] = random.choice(values)
    return bytes(frame)


def tcp_segment(random: Random, ports: list[int], payload: bytes) -> tuple[int, bytes]:
    options = random.choice([b"", b"\x02\x04\x05\xb4", b"\x01\x01\x08\x0a" + bytes(8)])
    head = bytes([(20 + len(options)) // 4 << 4, 0x18, 32, 0, 0, 0, 0, 0]) + options
    return 6, port_bytes(ports) + bytes(8) + head + payload


def udp_datagram(_random: Random, ports: list[int], payload: bytes) -> tuple[int, bytes]:
    return 17, port_bytes(ports) + (8 + len(payload)).to_bytes(2) + bytes(2) + payload


def port_bytes(ports: list[int]) -> bytes:
    return b"".join(port.to_bytes(2) for port in ports)


def ipv4_packet(protocol: int, segment: bytes) -> tuple[bytes, bytes]:
    head = b"\x45\0" + (20 + len(segment)).to_bytes(2) + bytes(4) + bytes([64, protocol])
    return b"\x08\x00", head + bytes(10) + segment


def ipv6_packet(protocol: int, segment: bytes) -> tuple[bytes, bytes]:
    head = b"\x60\0\0\0" + len(segment).to_bytes(2) + bytes([protocol, 64]) + bytes(32)
    return b"\x86\xdd", head + segment
