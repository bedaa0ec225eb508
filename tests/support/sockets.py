"""Sockets in hosts: for whole frames, and for datagrams."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.hosts import Host

__all__ = ["datagram_socket", "packet_socket"]

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_IGNORE_OUTGOING = 263, 23
_SO_RCVBUFFORCE = 33
_BUFFER_BYTES = 8 << 20
_PATIENCE_S = 30.0


def packet_socket(host: Host, device: str = "eth0") -> socket.socket:
    """Sends frames by a device, and gets those that come to it, not those that leave by it."""
    with host.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    handle.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    handle.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    handle.bind((device, _ETH_P_ALL))
    handle.settimeout(_PATIENCE_S)
    return handle


def datagram_socket(host: Host, address: str, port: int) -> socket.socket:
    """Sends datagrams over UDP from an address and port, and gets those that come there."""
    with host.namespace.entered():
        handle = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    handle.bind((address, port))
    handle.settimeout(_PATIENCE_S)
    return handle
