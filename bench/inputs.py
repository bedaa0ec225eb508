"""Deterministic inputs: frames, rules, routes, and what must become of each packet."""

from __future__ import annotations

import random
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = [
    "ONE_FLOW",
    "Flow",
    "Route",
    "Rule",
    "make_flows",
    "make_routes",
    "make_rules",
    "write_capture",
]

TCP, UDP = 6, 17
_FRAME_BYTES = 64
_ETHERNET = bytes.fromhex("020000000002 020000000001 0800")
_PORTS = (21, 22, 25, 53, 80, 110, 123, 143, 443, 445, 993, 1883, 3306, 5432, 8080, 8443)
_LINKTYPE_ETHERNET = 1


@dataclass(frozen=True, slots=True)
class Flow:
    """What the packets of a flow have in common; addresses are numbers."""

    source: int
    target: int
    protocol: int
    source_port: int
    target_port: int

    def frame(self) -> bytes:
        """A frame of 64 bytes with right IP checksum."""
        length = _FRAME_BYTES - len(_ETHERNET)
        head = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, 64, self.protocol, 0)
        addresses = struct.pack("!II", self.source, self.target)
        head = head[:10] + struct.pack("!H", _checksum(head + addresses)) + addresses
        ports = struct.pack("!HH", self.source_port, self.target_port)
        if self.protocol == UDP:
            rest = struct.pack("!HH", length - 20, 0)
        else:
            rest = struct.pack("!IIBBHHH", 1, 0, 5 << 4, 0x10, 65535, 0, 0)
        return (_ETHERNET + head + ports + rest).ljust(_FRAME_BYTES, b"\0")


ONE_FLOW = Flow(0x0A000005, 0xC0000205, UDP, 1234, 5678)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on flows; networks are (address, prefix length), None where any will do."""

    source: tuple[int, int] | None = None
    target: tuple[int, int] | None = None
    protocol: int | None = None
    port: int | None = None

    def __str__(self) -> str:
        parts = []
        for side, network in (("src", self.source), ("dst", self.target)):
            if network:
                parts.append(f"{side} net {_dotted(network[0])}/{network[1]}")
        if self.protocol is not None:
            name = "tcp" if self.protocol == TCP else "udp"
            parts.append(name if self.port is None else f"dst {name} port {self.port}")
        return " && ".join(parts)

    def matches(self, flow: Flow) -> bool:
        """Whether packets of the flow meet the condition."""
        return (
            _inside(flow.source, self.source)
            and _inside(flow.target, self.target)
            and self.protocol in (None, flow.protocol)
            and self.port in (None, flow.target_port)
        )

    def hit(self, pick: random.Random) -> Flow:
        """A flow that meets it."""
        return Flow(
            _address(pick, self.source),
            _address(pick, self.target),
            self.protocol or pick.choice((TCP, UDP)),
            pick.randrange(1024, 65536),
            self.port or pick.randrange(1, 65536),
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix and the output that its packets leave by."""

    address: int
    length: int
    output: int

    def __str__(self) -> str:
        return f"{_dotted(self.address)}/{self.length} {self.output}"


def make_flows(count: int, seed: int = 1) -> list[Flow]:
    """Flows from 10.0.0.0/8 to public addresses, half TCP, half UDP."""
    pick = random.Random(seed)
    return [
        Flow(
            0x0A000000 | pick.randrange(1, 1 << 24),
            pick.randrange(0x20000000, 0xDF000000),
            (TCP, UDP)[number % 2],
            pick.randrange(1024, 65536),
            pick.choice((*_PORTS, pick.randrange(1, 65536))),
        )
        for number in range(count)
    ]


def make_rules(count: int, seed: int = 2) -> list[Rule]:
    """Rules of the kinds that people write; no flow from 10.0.0.0/8 meets one of a source, and
    those without a source ask for networks that `make_flows` does not reach."""
    pick = random.Random(seed)
    rules = []
    for _ in range(count):
        source = (pick.randrange(0x0B000000, 0xDF000000) & 0xFFFFFF00, 24)
        target = (pick.randrange(0x0B000000, 0x1F000000) & 0xFFFF0000, 16)
        port = pick.choice(_PORTS)
        rules.append(
            pick.choice(
                (
                    Rule(source=source),
                    Rule(target=target, protocol=TCP, port=port),
                    Rule(source=source, protocol=UDP, port=port),
                    Rule(source=source, target=target, protocol=TCP),
                )
            )
        )
    return rules


def make_routes(count: int, seed: int = 3) -> list[Route]:
    """Distinct prefixes, their lengths about as frequent as in tables of the Internet."""
    pick = random.Random(seed)
    lengths, shares = (16, 18, 19, 20, 21, 22, 23, 24), (4, 3, 5, 8, 7, 15, 10, 48)
    found: dict[tuple[int, int], Route] = {}
    while len(found) < count:
        length = pick.choices(lengths, shares)[0]
        address = pick.randrange(0x01000000, 0xDF000000) >> (32 - length) << (32 - length)
        found[address, length] = Route(address, length, pick.randrange(2))
    return list(found.values())


def write_capture(path: Path, flows: Sequence[Flow], packets: int, seed: int = 4) -> list[int]:
    """Packets of flows picked at random, as a capture file; how many there are of each flow."""
    pick = random.Random(seed)
    record = struct.pack("<IIII", 1, 0, _FRAME_BYTES, _FRAME_BYTES)
    records = [record + flow.frame() for flow in flows]
    chosen = pick.choices(range(len(flows)), k=packets)
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, _LINKTYPE_ETHERNET))
        file.write(b"".join([records[number] for number in chosen]))
    counts = [0] * len(flows)
    for number in chosen:
        counts[number] += 1
    return counts


def _inside(address: int, network: tuple[int, int] | None) -> bool:
    if network is None:
        return True
    return (address ^ network[0]) >> (32 - network[1]) == 0


def _address(pick: random.Random, network: tuple[int, int] | None) -> int:
    if network is None:
        return pick.randrange(0x0B000000, 0xDF000000)
    return network[0] | pick.randrange(1 << (32 - network[1]))


def _dotted(address: int) -> str:
    return socket.inet_ntoa(struct.pack("!I", address))


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
