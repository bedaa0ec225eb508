"""Marks packets that bear the signature of an application, without Scapy: ... SIGNATURES

Of a large batch NumPy picks those that may bear one; these, and all of a small batch, are taken apart
one by one. Both find what Scapy's analyzer finds.
"""

from __future__ import annotations

import sys
from struct import unpack_from
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np

from detector import Detector, mark
from weft.component import Batch, Component, Packet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["candidates", "dissect"]

IPV4, IPV6, TAGS = 0x0800, 0x86DD, (0x8100, 0x88A8)
TCP, UDP = 6, 17
# Below so many packets arrays cost more than they save.
_FEW = 16


def dissect(frame: bytes) -> tuple[int, int, bytes] | None:
    """Ports and payload of TCP or UDP right over IP, VLAN tags aside.

    None for anything else, for later fragments, and where a length is not as it should be.
    """
    at, size = 14, len(frame)
    if size < at:
        return None
    kind = frame[12] << 8 | frame[13]
    while kind in TAGS:
        if size < at + 4:
            return None
        kind = frame[at + 2] << 8 | frame[at + 3]
        at += 4
    if kind == IPV4:
        if size < at + 20 or frame[at] >> 4 != 4:
            return None
        header, length = (frame[at] & 15) * 4, frame[at + 2] << 8 | frame[at + 3]
        later = (frame[at + 6] & 0x1F) or frame[at + 7]
        if header < 20 or not header <= length <= size - at or later:
            return None
        protocol, begin, end = frame[at + 9], at + header, at + length
    elif kind == IPV6:
        if size < at + 40 or frame[at] >> 4 != 6:
            return None
        protocol, begin = frame[at + 6], at + 40
        end = begin + (frame[at + 4] << 8 | frame[at + 5])
        if end > size:
            return None
    else:
        return None
    return _transport(frame, protocol, begin, end)


def _transport(frame: bytes, protocol: int, at: int, end: int) -> tuple[int, int, bytes] | None:
    if protocol == TCP and end - at >= 20:
        header = (frame[at + 12] >> 4) * 4
        if header < 20 or header > end - at:
            return None
    elif protocol == UDP and end - at >= 8:
        header, length = 8, frame[at + 4] << 8 | frame[at + 5]
        if not header <= length <= end - at:
            return None
        end = at + length
    else:
        return None
    source, destination = unpack_from("!HH", frame, at)
    return source, destination, bytes(frame[at + header : end])


def candidates(batch: Batch, ports: Iterable[int]) -> NDArray[np.bool_]:
    """Which packets may bear a signature of these ports: of plain IPv4 those from or to one of them.

    What is more than plain IPv4 over Ethernet may always.
    """
    wanted = np.zeros(65536, bool)
    wanted[list(ports)] = True
    head = batch.columns(12, 24).astype(np.uint16)
    is_plain = (head[:, 0] == 0x08) & (head[:, 1] == 0x00) & (head[:, 2] == 0x45)
    port_bytes = batch.columns(34, 38).astype(np.uint16)
    source = port_bytes[:, 0] << 8 | port_bytes[:, 1]
    destination = port_bytes[:, 2] << 8 | port_bytes[:, 3]
    is_carried = (head[:, 11] == TCP) | (head[:, 11] == UDP)
    is_wanted = is_carried & (wanted[source] | wanted[destination])
    is_ip = is_plain | (head[:, 0] == 0x86) | (head[:, 0] == 0x81) | (head[:, 0] == 0x88)
    is_ip |= (head[:, 0] == 0x08) & (head[:, 1] == 0x00)
    result: NDArray[np.bool_] = is_ip & (~is_plain | is_wanted)
    return result


def main() -> None:
    """Run as a component."""
    component = Component()
    detector = Detector(component, sys.argv[1])

    def analyze_one(packet: Packet) -> None:
        begun = perf_counter_ns()
        dissected = dissect(bytes(packet))
        detector.parsing_ns += perf_counter_ns() - begun
        if dissected and (number := detector.find(*dissected)):
            mark(packet, number)

    @component.batch
    def analyze(batch: Batch) -> None:
        batch.ports[:] = batch.inputs
        detector.packets += len(batch)
        if len(batch) < _FEW:
            for packet in batch:
                analyze_one(packet)
            return
        begun = perf_counter_ns()
        chosen = np.flatnonzero(candidates(batch, detector.ports))
        detector.parsing_ns += perf_counter_ns() - begun
        for place in chosen:
            analyze_one(batch[int(place)])

    component.run()


if __name__ == "__main__":
    main()
