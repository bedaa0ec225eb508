"""What the first headers of a packet say, in one line."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

__all__ = ["meaning"]

_IP4, _IP6, _ARP, _NSH = 0x0800, 0x86DD, 0x0806, 0x894F
_VLANS = (0x8100, 0x88A8)
_TRANSPORTS = {6: "TCP", 17: "UDP", 132: "SCTP"}
_PROTOCOLS = {1: "ICMP", 2: "IGMP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 89: "OSPF"}


def meaning(data: bytes, link: int | None = None, network: int | None = None) -> str:
    """Addresses, ports and types, as far as they are there; empty where nothing is known.

    `link` and `network` are where Ethernet and IP headers begin, if that is known. Else an IP header is
    found behind an Ethernet header, or at the start of what is an IP packet by its version and length.
    """
    if network is not None and network >= 0:
        return ", ".join(filter(None, [_frame(data, whole=False), _ip(data[network:])]))
    return _frame(data, sure=link == 0) or _ip(data)


def _frame(data: bytes, *, whole: bool = True, sure: bool = False) -> str:
    """The Ethernet header and tags (IEEE 802.3, 802.1Q), and if `whole` what follows.

    Unless it is `sure` that it is one, only if its type is known.
    """
    if len(data) < 14:
        return ""
    at = 12
    words = [f"Ethernet {data[6:12].hex(':')} > {data[:6].hex(':')}"]
    kind = _number(data, at)
    while kind in _VLANS:
        words.append(f"VLAN {_number(data, at + 2) & 0xFFF}")
        at += 4
        kind = _number(data, at)
    inner = {_IP4: _ip, _IP6: _ip, _ARP: _arp, _NSH: _nsh}.get(kind)
    if inner is None:
        return ", ".join([*words, f"type {kind:04x}"]) if sure else ""
    return ", ".join(filter(None, [*words, inner(data[at + 2 :]) if whole else ""]))


def _ip(data: bytes) -> str:
    """RFC 791, RFC 8200; nothing where the lengths cannot be meant."""
    if len(data) >= 20 and data[0] >> 4 == 4 and _number(data, 2) >= 20 <= (data[0] & 15) * 4:
        header = (data[0] & 15) * 4
        words = f"IPv4 {IPv4Address(data[12:16])} > {IPv4Address(data[16:20])}"
        fragment = _number(data, 6) & 0x1FFF
        if fragment:
            return f"{words}, fragment at {fragment * 8}"
        return f"{words}, {_transport(data[9], data[header:])}"
    if len(data) >= 40 and data[0] >> 4 == 6:
        words = f"IPv6 {IPv6Address(data[8:24])} > {IPv6Address(data[24:40])}"
        return f"{words}, {_transport(data[6], data[40:])}"
    return ""


def _transport(protocol: int, data: bytes) -> str:
    name = _TRANSPORTS.get(protocol)
    if name and len(data) >= 4:
        return f"{name} {_number(data, 0)} > {_number(data, 2)}"
    if protocol in (1, 58) and len(data) >= 2:
        return f"{_PROTOCOLS[protocol]} type {data[0]} code {data[1]}"
    return name or _PROTOCOLS.get(protocol, f"protocol {protocol}")


def _arp(data: bytes) -> str:
    """RFC 826, for IPv4."""
    if len(data) < 28:
        return "ARP"
    sender, target = IPv4Address(data[14:18]), IPv4Address(data[24:28])
    if _number(data, 6) == 1:
        return f"ARP who has {target}, tell {sender}"
    return f"ARP {sender} is at {data[8:14].hex(':')}"


def _nsh(data: bytes) -> str:
    """RFC 8300, 2.2 and 2.3."""
    if len(data) < 8:
        return "NSH"
    return f"NSH path {int.from_bytes(data[4:7])} index {data[7]}"


def _number(data: bytes, at: int) -> int:
    """A number of 16 bits; 0 where it is not there."""
    return int(struct.unpack_from("!H", data, at)[0]) if len(data) >= at + 2 else 0
