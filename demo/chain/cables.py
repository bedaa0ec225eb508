"""Cables between functions, in a namespace of their own where everything on them can be seen."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from demo.stage import Host

__all__ = ["Cable", "Cables", "Sight"]

_ETH_P_ALL = 3
_MOST_BYTES = 65536


class Cable(NamedTuple):
    """Its name, and the two ends: a function and its interface each."""

    name: str
    left: tuple[str, str]
    right: tuple[str, str]


class Sight(NamedTuple):
    """A frame on a cable: which function sent it, and which is to get it."""

    sender: str
    receiver: str
    frame: bytes


class Cables:
    """A bridge of two links for each cable, and a packet socket on each."""

    def __init__(self, host: Host, cables: tuple[Cable, ...]) -> None:
        self._host = host
        self._cables = cables
        self._taps: dict[Cable, socket.socket] = {}

    def bindings(self, function: str) -> dict[str, str]:
        """What the interfaces of a function are joined to, by interface."""
        found = {}
        for cable in self._cables:
            for side, (name, interface) in (("a", cable.left), ("b", cable.right)):
                if name == function:
                    found[interface] = f"netns:{self._host.name}:{cable.name}{side}"
        return found

    def plug(self) -> None:
        """Join the ends, when all functions run."""
        route = self._host.namespace.route
        for cable in self._cables:
            route.link("add", ifname=cable.name, kind="bridge")
            bridge = self._host.namespace.index_of(cable.name)
            for side in "ab":
                end = self._host.namespace.index_of(f"{cable.name}{side}")
                route.link("set", index=end, master=bridge)
            route.link("set", index=bridge, state="up")
            self._taps[cable] = self._tap(f"{cable.name}a")

    def look(self) -> list[Sight]:
        """All frames seen since the last look, cable by cable."""
        return [sight for cable, tap in self._taps.items() for sight in _drained(cable, tap)]

    def close(self) -> None:
        """Look no more; the cables go with their namespace."""
        for tap in self._taps.values():
            tap.close()

    def _tap(self, device: str) -> socket.socket:
        with self._host.namespace.entered():
            handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        handle.bind((device, _ETH_P_ALL))
        handle.setblocking(False)
        return handle


def _drained(cable: Cable, tap: socket.socket) -> list[Sight]:
    found: list[Sight] = []
    while True:
        try:
            frame, where = tap.recvfrom(_MOST_BYTES)
        except BlockingIOError:
            return found
        ends = (cable.left[0], cable.right[0])
        if (
            where[2] == socket.PACKET_OUTGOING
        ):  # it leaves by the left end, towards the left function
            ends = (ends[1], ends[0])
        found.append(Sight(*ends, frame))
