"""What a function lets through from one host to another."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.support.frames import ethernet

if TYPE_CHECKING:
    from tests.support.hosts import Host

__all__ = ["frames_through"]

MARKER = ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x88B5, b"the end".ljust(46, b"\0"))
ETH_P_ALL = 3
PATIENCE_S = 30.0


def frames_through(left: Host, right: Host, frames: list[bytes]) -> list[bytes]:
    """What of these frames comes out at the other side, before a last one that always does."""
    with left.namespace.entered():
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with right.namespace.entered():
        receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    with sender, receiver:
        sender.bind(("eth0", 0))
        receiver.bind(("eth0", ETH_P_ALL))
        receiver.settimeout(PATIENCE_S)
        for frame in [*frames, MARKER]:
            sender.send(frame)
        came = []
        while (frame := receiver.recv(65536)) != MARKER:
            came.append(frame)
    return came
