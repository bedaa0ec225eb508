"""Drops packets that an analyzer has marked: those whose NSH context does not begin with a byte of 0."""

from weft.component import Component, Packet

MARK = 0
component = Component(reasons=["nsh-context"])
dropped = 0


@component.packet
def check(packet: Packet) -> None:
    """A packet goes on in its direction, unless it is marked."""
    global dropped
    packet.port = packet.input
    nsh = packet.nsh
    if nsh is not None and nsh.context[MARK]:
        dropped += 1
        packet.drop("nsh-context")


@component.handler("dropped", type="unsigned", unit="packets", help="packets dropped")
def read_dropped() -> int:
    """How many were marked so far."""
    return dropped


component.run()
