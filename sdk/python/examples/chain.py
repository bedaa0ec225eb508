"""Sends packets of the tenant gold by another path, labels others, tells of those without a tenant."""

from weft.component import Component

component = Component()
CLASS, TENANT, SEEN = 0x0100, 1, 2  # context headers: metadata class and types

@component.packet
def classify(packet):
    nsh = packet.nsh
    if nsh is None:
        return
    tenant = nsh.tlvs.find(CLASS, TENANT)
    if tenant is None:
        told = bytes(12) + b"\x88\xb5" + b"no tenant"
        component.send(component.new_packet(told, parent=packet))
    elif tenant == b"gold":
        nsh.spi, nsh.si = 20, 255
    else:
        nsh.tlvs.set(CLASS, SEEN, b"yes")

component.run()
