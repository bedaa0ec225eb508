"""How many bytes the `mtu` of a role leaves for headers and for what is inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.nsh_carrier import Carrier

if TYPE_CHECKING:
    from weft.model.nsh import Classification, Nsh, Rule, Tlv

__all__ = ["IPV4_LEAST", "IPV6_LEAST", "header_room", "ip_room"]

IPV4_LEAST, IPV6_LEAST = 68, 1280
"""Bytes of a packet that every link carries (RFC 791; RFC 8200, section 5)."""

_ETHERNET_BYTES = 14
_BASE_BYTES, _CONTEXT_BYTES, _TLV_HEADER_BYTES = 8, 16, 4
_MOST_VALUE_BYTES = 127


def header_room(nsh: Nsh) -> int:
    """Bytes that a header and what follows it may take."""
    return nsh.mtu - (Carrier.TUNNEL_BYTES if nsh.tunnels else 0)


def ip_room(nsh: Nsh, task: Classification) -> int:
    """Bytes that an IP packet may have behind the longest header of a classifier's rules.

    It may be negative. VLAN tags of the frame, if that is inside too, are not taken off.
    """
    header = max(map(_header_bytes, task.rules), default=_BASE_BYTES + _CONTEXT_BYTES)
    frame = _ETHERNET_BYTES if task.next == "ethernet" else 0
    return header_room(nsh) - header - frame


def _header_bytes(rule: Rule) -> int:
    """Bytes of a rule's header (RFC 8300, section 2)."""
    return _BASE_BYTES + (sum(map(_tlv_bytes, rule.tlvs)) if rule.tlvs else _CONTEXT_BYTES)


def _tlv_bytes(tlv: Tlv) -> int:
    """Bytes of a context header, padding included; of one whose value is a parameter, the most."""
    length = _MOST_VALUE_BYTES if tlv.value.startswith("$") else len(tlv.value) // 2
    return _TLV_HEADER_BYTES + (length + 3) // 4 * 4
