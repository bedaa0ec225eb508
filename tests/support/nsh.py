"""Network Service Headers byte by byte (RFC 8300), and graphs that packets are sent through.

The bytes are put together here from the RFC alone, by nothing of the engine's.
"""

from __future__ import annotations

import json
import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.frames import ethernet, udp
from tests.support.pcap import read_pcap, write_pcap
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ETHERTYPE", "FRAME", "INNER", "Ran", "change", "nsh", "over_ethernet", "run_graph", "tlv",
]  # fmt: skip

ETHERTYPE = 0x894F
_LIMIT_S = 20
# What lies inside in most tests: a datagram, and a frame with it.
INNER = udp("10.0.0.1", "10.0.0.2", (1000, 2000), b"payload")
FRAME = ethernet("02:00:00:00:00:0b", "02:00:00:00:00:0a", 0x0800, INNER)


def nsh(
    spi: int = 10,
    si: int = 255,
    *,
    ttl: int = 63,
    md_type: int = 1,
    next_protocol: int = 1,
    metadata: bytes | None = None,
    oam: bool = False,
    version: int = 0,
    unassigned: tuple[int, int] = (0, 0),
    length: int | None = None,
) -> bytes:
    """A header; its length in words is what it has unless told, its metadata 16 zeros or nothing."""
    if metadata is None:
        metadata = b"" if md_type == 2 else bytes(16)
    words = 2 + len(metadata) // 4 if length is None else length
    first = version << 14 | oam << 13 | unassigned[0] << 12 | ttl << 6 | words
    second = unassigned[1] << 4 | md_type
    return struct.pack("!HBBI", first, second, next_protocol, spi << 8 | si) + metadata


def tlv(kind: tuple[int, int], value: bytes = b"", unassigned: int = 0) -> bytes:
    """A context header of MD type 2 of a (class, type), padded with zeros to words."""
    head = struct.pack("!HBB", *kind, unassigned << 7 | len(value))
    return head + value + bytes(-len(value) % 4)


def over_ethernet(header: bytes, inner: bytes = b"") -> bytes:
    """A frame with a header and what follows it."""
    return ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", ETHERTYPE, header + inner)


def change(frame: bytes, **fields: int) -> bytes:
    """The frame with its header's `si` or `ttl` changed, and nothing else."""
    changed = bytearray(frame)
    if "si" in fields:
        changed[14 + 7] = fields.pop("si")
    if "ttl" in fields:
        (word,) = struct.unpack_from("!H", changed, 14)
        struct.pack_into("!H", changed, 14, word & ~0x0FC0 | fields.pop("ttl") << 6)
    assert not fields, f"no such field: {fields}"
    return bytes(changed)


@dataclass(frozen=True)
class Ran:
    """What a graph did: packets that left by each `outN`, drops as `element: reason`, the log."""

    outputs: list[list[bytes]]
    drops: dict[str, int]
    log: list[str]


def run_graph(
    folder: Path,
    graph: str,
    packets: Sequence[bytes],
    outputs: int = 1,
    *,
    gap_us: int = 0,
    linger_s: int = 0,
) -> Ran:
    """Send packets through a graph in virtual time, so many microseconds apart, or in one burst.

    The graph begins at an element `in`, with the last packet of which the run ends unless it lingers,
    and leads to elements `out0`, `out1`, ...
    """
    write_pcap(folder / "in.pcap", packets, gap_us)
    timing, stop = str(gap_us > 0).lower(), str(linger_s == 0).lower()
    lines = [f"in :: FromDump(in.pcap, STOP {stop}, TIMING {timing});"]
    lines += [f"Script(wait {linger_s}, stop);"] if linger_s else []
    lines += [f"out{n} :: ToDump(out{n}.pcap, SNAPLEN 0);" for n in range(outputs)]
    (folder / "graph.click").write_text("\n".join([*lines, graph]))
    done = subprocess.run(
        [engine_binary(), "click", "--simtime", "graph.click", "-h", "stats"],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    drops = {
        f"{element['name']}: {reason}": count
        for element in json.loads(done.stdout)["elements"]
        for reason, count in element["drops"].items()
    }
    left = [read_pcap(folder / f"out{n}.pcap") for n in range(outputs)]
    return Ran(left, drops, done.stderr.splitlines())
