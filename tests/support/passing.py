"""What a function lets through from one host to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.frames import ethernet
from tests.support.sockets import packet_socket

if TYPE_CHECKING:
    from tests.support.hosts import Host

__all__ = ["frames_through"]

MARKER = ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x88B5, b"the end".ljust(46, b"\0"))


def frames_through(left: Host, right: Host, frames: list[bytes]) -> list[bytes]:
    """What of these frames comes out at the other side, before a last one that always does."""
    with packet_socket(left) as sender, packet_socket(right) as receiver:
        for frame in [*frames, MARKER]:
            sender.send(frame)
        came = []
        while (frame := receiver.recv(65536)) != MARKER:
            came.append(frame)
    return came
