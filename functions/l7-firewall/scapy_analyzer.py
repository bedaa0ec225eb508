"""Marks packets that bear the signature of an application, dissected by Scapy: ... SIGNATURES"""

from __future__ import annotations

import sys
from time import perf_counter_ns

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.packet import NoPayload, Padding

from detector import Detector, mark
from weft.component import Component, Packet

__all__ = ["dissect"]

ETHERNET_BYTES = 14


def dissect(frame: bytes) -> tuple[int, int, bytes] | None:
    """Ports and payload of TCP or UDP right over IP, VLAN tags aside.

    None for anything else, for later fragments, and where a length is not as it should be.
    """
    layer = Ether(frame) if len(frame) >= ETHERNET_BYTES else None
    if type(layer) is not Ether:
        return None
    network = layer.payload
    while type(network) in (Dot1Q, Dot1AD):
        network = network.payload
    room = len(network.original)
    if type(network) is IP:
        header, length = network.ihl * 4, network.len
        if network.version != 4 or header < 20 or not header <= length <= room or network.frag:
            return None
        room = length - header
    elif type(network) is IPv6:
        if network.version != 6 or network.plen > room - 40:
            return None
        room = network.plen
    else:
        return None
    transport = network.payload
    if type(transport) is TCP:
        header, end = transport.dataofs * 4, room
        if header < 20 or header > room:
            return None
    elif type(transport) is UDP:
        header, end = 8, transport.len
        if not header <= end <= room:
            return None
    else:
        return None
    if end == header or type(transport.payload) in (NoPayload, Padding):
        return transport.sport, transport.dport, b""
    return transport.sport, transport.dport, bytes(transport.payload.original)


def main() -> None:
    """Run as a component."""
    component = Component()
    detector = Detector(component, sys.argv[1])

    @component.packet
    def analyze(packet: Packet) -> None:
        packet.port = packet.input
        begun = perf_counter_ns()
        dissected = dissect(bytes(packet))
        detector.parsing_ns += perf_counter_ns() - begun
        detector.packets += 1
        if dissected and (number := detector.find(*dissected)):
            mark(packet, number)

    component.run()


if __name__ == "__main__":
    main()
