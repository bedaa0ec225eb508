"""A device of this server moved into the sandbox, and back when the function is removed."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from weft.errors import BindingError
from weft.server.links.device import PROMISCUOUS, UP
from weft.server.namespaces import netlink_errors

if TYPE_CHECKING:
    from weft.server.links.device import Device
    from weft.server.namespaces import Namespace

__all__ = ["TakenJoin", "give_back"]


class TakenJoin:
    """Joins an interface by handing over the device itself."""

    def __init__(self, device: Device) -> None:
        device.require_free_for("`:take`")
        if device.has_default_route:
            raise BindingError(
                f"device '{device.name}' carries the default route of this server; it is not taken",
                hint=f"leave out `:take` to join it by macvlan: {device.name}",
            )
        self._device = device

    def attach(self, host: Namespace, sandbox: Namespace, interface: str, name: str) -> str:
        """Move the device in under the interface's name."""
        with netlink_errors(f"cannot move '{self._device.name}' into the sandbox"):
            host.route.link(
                "set",
                index=self._device.index,
                ifname=interface,
                net_ns_fd=sandbox.descriptor,
            )
        return f"device {self._device.name}, taken until the function is removed"

    def settle(self, host: Namespace) -> None:
        """Nothing waits for the end inside."""

    def close(self) -> None:
        """Nothing is kept open."""

    def detach(self, host: Namespace, sandbox: Namespace, interface: str) -> None:
        """Move the device back under its own name."""
        give_back(host, sandbox, interface, self._device.name)


def give_back(host: Namespace, sandbox: Namespace, interface: str, device: str) -> None:
    """Move a taken device back; one that is gone is no error."""
    from pyroute2 import NetlinkError

    try:
        found = sandbox.route.link_lookup(ifname=interface)
        if found:
            sandbox.route.link("set", index=found[0], flags=0, change=UP | PROMISCUOUS)
            sandbox.route.link("set", index=found[0], ifname=device, net_ns_fd=host.descriptor)
    except NetlinkError as error:
        if int(error.code) != errno.ENODEV:
            raise
