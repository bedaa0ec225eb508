"""Devices of namespaces: what passes at them, and what the kernel does for them."""

from __future__ import annotations

import array
import contextlib
import fcntl
import socket
import struct
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from tests.support.hosts import Host

__all__ = ["Tap", "finish_frames"]

_ETH_P_ALL = 3
_OUTGOING = 4
_SIOCETHTOOL = 0x8946
_CHECKSUMS, _SEGMENTATION, _GENERIC_SEGMENTATION = 0x17, 0x1F, 0x24  # ETHTOOL_STXCSUM, STSO, SGSO


class Tap:
    """Frames of one EtherType as they pass a device: sent by it, or received."""

    def __init__(self, host: Host, device: str, ether_type: int) -> None:
        with host.namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
        self.socket.bind((device, _ETH_P_ALL))
        self.socket.setblocking(False)
        self._ether_type = ether_type.to_bytes(2, "big")
        self.sent: list[bytes] = []
        self.received: list[bytes] = []

    def look(self) -> Self:
        """Take in what has passed."""
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, origin = self.socket.recvfrom(65536)
                if frame[12:14] == self._ether_type:
                    (self.sent if origin[2] == _OUTGOING else self.received).append(frame)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def finish_frames(host: Host, device: str) -> None:
    """Have the kernel leave nothing undone in frames that a device sends: for receivers that would not."""
    with host.namespace.entered(), socket.socket() as any_socket:
        for command in (_SEGMENTATION, _GENERIC_SEGMENTATION, _CHECKSUMS):
            value = array.array("I", [command, 0])
            request = struct.pack("16sP", device.encode(), value.buffer_info()[0])
            with contextlib.suppress(OSError):  # what a device cannot do it does not do
                fcntl.ioctl(any_socket, _SIOCETHTOOL, request.ljust(40, b"\0"))
