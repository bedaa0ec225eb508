"""A port of a bridge of this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.server.links.veth import delete_inside, make_pair
from weft.server.namespaces import netlink_errors

if TYPE_CHECKING:
    from weft.server.links.device import Device
    from weft.server.namespaces import Namespace

__all__ = ["BridgeJoin"]


class BridgeJoin:
    """Joins an interface to a bridge by a veth pair."""

    def __init__(self, device: Device, driver: str) -> None:
        self._bridge = device
        self._driver = driver
        self._port = ""

    def attach(self, host: Namespace, sandbox: Namespace, interface: str, name: str) -> str:
        """Make the pair and put its outer end into the bridge."""
        make_pair(sandbox, interface, host, name, self._driver)
        index = host.index_of(name)
        with netlink_errors(f"cannot put '{name}' into the bridge '{self._bridge.name}'"):
            host.route.link("set", index=index, master=self._bridge.index, state="up")
        self._port = name
        return f"port {name} of bridge {self._bridge.name}"

    def settle(self, host: Namespace) -> None:
        """Have the port send from now on."""
        host.settle(self._port)

    def close(self) -> None:
        """Nothing is kept open."""

    def detach(self, host: Namespace, sandbox: Namespace, interface: str) -> None:
        """Delete the inner end; the port goes with it."""
        delete_inside(sandbox, interface)
