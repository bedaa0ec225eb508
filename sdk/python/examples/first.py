"""Drops telnet and counts what it dropped."""

from weft.component import Component

component = Component(reasons=["telnet"])
dropped = 0

@component.packet
def analyze(packet):
    global dropped
    if packet.data[23:24] == b"\x06" and packet.data[36:38] == b"\x00\x17":  # TCP to port 23
        dropped += 1
        packet.drop("telnet")

@component.handler("dropped", type=int, unit="packets", help="telnet packets dropped")
def read_dropped():
    return dropped

component.run()
