"""A network of hosts, joined by a bridge that a function can be plugged into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host

__all__ = ["Lan"]

_BRIDGE = "lan"


class Lan:
    """A bridge in a namespace of its own."""

    def __init__(self, make_host: Callable[[str], Host], role: str = "lan") -> None:
        self._make_host = make_host
        self.switch = make_host(role)
        self.switch.keep_silent()
        self.switch.route.link("add", ifname=_BRIDGE, kind="bridge")
        self._up(self.switch, _BRIDGE)

    @property
    def name(self) -> str:
        """The namespace: a function's interface goes to `netns:NAME:PORT`, then to `plug`."""
        return self.switch.name

    def host(self, role: str, address: str) -> Host:
        """A host whose `eth0` is in the network."""
        host = self._make_host(role)
        host.keep_silent()
        peer = {"ifname": role, "net_ns_fd": self.name}
        host.route.link("add", ifname="eth0", kind="veth", peer=peer)
        host.configure("eth0", address)
        self._up(host, "lo")
        self.plug(role)
        return host

    def plug(self, port: str) -> None:
        """Make a device of the bridge's namespace one of its ports."""
        route, namespace = self.switch.route, self.switch.namespace
        index = namespace.index_of(port)
        route.link("set", index=index, master=namespace.index_of(_BRIDGE), state="up")

    @staticmethod
    def _up(host: Host, device: str) -> None:
        host.route.link("set", index=host.namespace.index_of(device), state="up")
