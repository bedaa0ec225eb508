"""see.py: counts IPv4 packets and lets everything pass."""

from weft.component import Component, Packet

component = Component()
seen = {"ipv4": 0}


@component.packet
def see(packet: Packet) -> None:
    """One packet."""
    seen["ipv4"] += bytes(packet.data[12:14]) == b"\x08\x00"


component.run()
