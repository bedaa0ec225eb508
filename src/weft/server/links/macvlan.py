"""A macvlan on top of a device: the device stays where it is, and the host keeps it.

A device that the host does not use itself gives every frame (mode passthru); one that it uses gives
the function an Ethernet address of its own beside the host's (mode bridge).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.server.links.base import LINK_GROUP
from weft.server.links.veth import delete_inside
from weft.server.namespaces import netlink_errors

if TYPE_CHECKING:
    from weft.server.links.device import Device
    from weft.server.namespaces import Namespace

__all__ = ["MacvlanJoin"]


class MacvlanJoin:
    """Joins an interface to a device without taking it."""

    def __init__(self, device: Device) -> None:
        device.require_free_for("a macvlan")
        self._device = device

    def attach(self, host: Namespace, sandbox: Namespace, interface: str, name: str) -> str:
        """Make the macvlan inside the sandbox, and bring the device up."""
        mode = "bridge" if self._device.in_use else "passthru"
        what = f"cannot join '{self._device.name}' by macvlan ({mode}); a bridge or `:take` may do"
        with netlink_errors(what):
            host.route.link(
                "add",
                ifname=interface,
                kind="macvlan",
                link=self._device.index,
                macvlan_mode=mode,
                group=LINK_GROUP,
                net_ns_fd=sandbox.descriptor,
            )
            host.route.link("set", index=self._device.index, state="up")
        kept = "; the host keeps its own address on it" if self._device.in_use else ""
        return f"macvlan ({mode}) on {self._device.name}{kept}"

    def settle(self, host: Namespace) -> None:
        """Nothing waits for the end inside."""

    def close(self) -> None:
        """Nothing is kept open."""

    def detach(self, host: Namespace, sandbox: Namespace, interface: str) -> None:
        """Delete the macvlan."""
        delete_inside(sandbox, interface)
