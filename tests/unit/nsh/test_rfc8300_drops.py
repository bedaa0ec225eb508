"""What RFC 8300 asks of packets that are too long or dropped: each test bears the sentence it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.nsh import FRAME, INNER, change, nsh, over_ethernet, run_graph
from tests.unit.nsh.roles import AWARE, CHECK, FORWARD, PROXY

if TYPE_CHECKING:
    from pathlib import Path

GOOD = over_ethernet(nsh(), INNER)


# MTU


@pytest.mark.parametrize(
    ("arguments", "added"),
    [
        ("10, MD 2", 8),
        ("10", 24),
        ("10, TLV 1:1:", 12),
        (f"10, TLV 1:1:{bytes(124).hex()}, TLV 1:2:{bytes(112).hex()}", 252),
    ],
    ids=["8", "24", "12", "252"],
)
def test_what_encapsulation_adds(tmp_path: Path, arguments: str, added: int) -> None:
    """Encapsulation adds 8 to 252 bytes: MTU is checked and counted, never a silent truncation."""
    for extra in (0, -1):
        mtu = len(FRAME) + added + extra
        encap = f"in -> encap :: NSHEncap({arguments}, MTU {mtu}) -> out0;"
        ran = run_graph(tmp_path, encap, [FRAME])
        lengths = [len(packet) for packet in ran.outputs[0]]
        assert lengths == ([] if extra else [len(FRAME) + added])
        assert all(packet.endswith(FRAME) for packet in ran.outputs[0])
        assert ran.drops == ({"encap: mtu": 1} if extra else {})
        ran = run_graph(tmp_path, f"{encap} encap [1] -> out1;", [FRAME], 2)
        assert ran.outputs[1] == ([FRAME] if extra else [])
        assert ran.drops == ({"encap: mtu": 1} if extra else {})


def test_mtu_of_a_classifier(tmp_path: Path) -> None:
    """Encapsulation adds 8 to 252 bytes: MTU is checked and counted, never a silent truncation."""
    for extra in (0, -1):
        mtu = len(FRAME) + 24 + extra
        rules = f"in -> c :: NSHClassifier(- => SPI 10, MTU {mtu}) -> out0; c [1] -> Discard;"
        ran = run_graph(tmp_path, rules, [FRAME])
        assert ran.outputs == [[] if extra else [nsh(next_protocol=3) + FRAME]]
        assert ran.drops == ({"c: mtu": 1} if extra else {})
        ran = run_graph(tmp_path, f"{rules} c [2] -> out1;", [FRAME], 2)
        assert ran.outputs[1] == ([FRAME] if extra else [])


def test_mtu_of_a_proxy(tmp_path: Path) -> None:
    """MTU is checked and counted, never a silent truncation."""
    frame = over_ethernet(nsh(), INNER)
    for extra in (0, -1):
        mtu = len(frame) - 14 + extra
        graph = f"{CHECK} -> p :: NSHProxy(MTU {mtu}); p [0] -> [1] p [1] -> out0;"
        ran = run_graph(tmp_path, graph, [frame])
        assert ran.outputs == [[] if extra else [change(frame, si=254)]]
        assert ran.drops == ({"p: mtu": 1} if extra else {})


# Drops


def faulty() -> dict[str, bytes]:
    """A frame for each reason that the check drops for."""
    return {
        "nsh-truncated": over_ethernet(nsh()[:20]),
        "nsh-version": over_ethernet(nsh(version=1), INNER),
        "nsh-length": over_ethernet(nsh(length=7), INNER),
        "nsh-md-type": over_ethernet(nsh(md_type=0), INNER),
        "nsh-tlv": over_ethernet(nsh(md_type=2, metadata=bytes.fromhex("00010201")), INNER),
        "nsh-next-protocol": over_ethernet(nsh(next_protocol=6), INNER),
        "nsh-oam": over_ethernet(nsh(oam=True), INNER),
    }


def test_drops_are_silent_and_counted(tmp_path: Path) -> None:
    """Drops are silent on the wire, counted by reason."""
    frames = [frame for n, frame in enumerate(faulty().values(), 1) for _ in range(n)]
    ran = run_graph(tmp_path, PROXY, [*frames, GOOD], 2)
    assert ran.outputs[0] == [change(GOOD, si=254)]
    assert len(ran.outputs[1]) == 1
    assert ran.drops == {f"check: {reason}": n for n, reason in enumerate(faulty(), 1)}


def test_drops_are_logged_at_a_limited_rate(tmp_path: Path) -> None:
    """Drops are logged at a limited rate."""
    # Ten of each reason in a second, for 2.5 seconds: each is told of three times.
    frames = [frame for _ in range(25) for frame in faulty().values()]
    ran = run_graph(tmp_path, f"{CHECK} -> out0;", frames, gap_us=14_286)
    for reason in faulty():
        lines = [line for line in ran.log if f"dropped as {reason}: " in line]
        assert len(lines) == 3, lines
        assert "more since the last such line" not in lines[0]
        for line in lines[1:]:
            assert line.endswith(" (9 more since the last such line)")
            assert line.removesuffix(" (9 more since the last such line)") == lines[0]
    assert len(ran.log) == 3 * len(faulty())
    assert ran.log[1] == "check: packet dropped as nsh-version: unknown version"


@pytest.mark.parametrize(
    ("graph", "frame", "line"),
    [
        (FORWARD, over_ethernet(nsh(ttl=1)), "sff: packet dropped as nsh-ttl: its TTL has expired"),
        (
            FORWARD,
            over_ethernet(nsh(si=1)),
            "sff: packet dropped as nsh-no-path: its path is not in the table",
        ),
        (
            AWARE,
            over_ethernet(nsh(si=0), INNER),
            "edge: packet dropped as nsh-si: its service index is 0",
        ),
    ],
    ids=["ttl", "no-path", "si"],
)
def test_each_role_logs_its_drops(tmp_path: Path, graph: str, frame: bytes, line: str) -> None:
    """Drops are logged at a limited rate."""
    ran = run_graph(tmp_path, graph, [frame] * 15, gap_us=100_000)
    assert ran.log == [line, f"{line} (9 more since the last such line)"]
