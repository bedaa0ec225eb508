"""Addresses that an interface can have, and routers that it can reach."""

from __future__ import annotations

import ipaddress

__all__ = [
    "ADDRESS_ALLOWED",
    "GATEWAY_ALLOWED",
    "Gateway",
    "HostAddress",
    "host_address",
    "is_reached",
    "router_address",
]

HostAddress = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Gateway = ipaddress.IPv4Address | ipaddress.IPv6Address

ADDRESS_ALLOWED = (
    "an address of one host with the length of its prefix, as in 10.0.0.1/24 or fd00::1/64"
)
GATEWAY_ALLOWED = "an address, as in 10.0.0.254 or fd00::fe"


def host_address(text: str) -> HostAddress | None:
    """An address that one host can have, with its network; None where it is none."""
    try:
        address = ipaddress.ip_interface(text)
    except ValueError:
        return None
    network, is_odd = address.network, address.is_unspecified or address.is_multicast
    if "/" not in text or "%" in text or is_odd:
        return None
    of_all = (network.network_address, network.broadcast_address)
    few = network.prefixlen >= network.max_prefixlen - 1
    return None if address.version == 4 and not few and address.ip in of_all else address


def router_address(text: str) -> Gateway | None:
    """An address that a router can have; None where it is none."""
    try:
        gateway = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if "%" in text or gateway.is_unspecified or gateway.is_multicast else gateway


def is_reached(address: HostAddress, gateway: Gateway) -> bool:
    """Whether the gateway is a neighbour; link-local ones are wherever there is IPv6."""
    if address.version != gateway.version or address.ip == gateway:
        return False
    return gateway in address.network or gateway in ipaddress.ip_network("fe80::/10")
