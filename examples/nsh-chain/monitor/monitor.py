"""Counts packets by service path; the count is the first word of the context of what goes on."""

from collections import Counter

from weft.component import Component, Packet

component = Component()
seen: Counter[int] = Counter()


@component.packet
def count(packet: Packet) -> None:
    """Counts one, and writes the count."""
    header = packet.nsh
    if header is None:
        return
    seen[header.spi] += 1
    header.context = seen[header.spi].to_bytes(4, "big") + header.context[4:]


@component.handler("seen", type=dict, unit="packets", help="packets by service path")
def read_seen() -> dict[str, int]:
    """What was counted."""
    return {str(path): packets for path, packets in seen.items()}


component.run()
