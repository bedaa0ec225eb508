"""What a device of this server is, and what the server itself uses it for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from weft.errors import BindingError
from weft.server.namespaces import netlink_errors

if TYPE_CHECKING:
    from weft.server.namespaces import Namespace

__all__ = ["PROMISCUOUS", "UP", "Device", "inspect_device"]

UP = 0x1
PROMISCUOUS = 0x100
_LOOPBACK = 0x8


@dataclass(frozen=True, slots=True)
class Device:
    """A device, as far as joining it needs to know."""

    name: str
    index: int
    kind: str
    loopback: bool
    master: int | None
    has_address: bool
    has_default_route: bool

    @property
    def in_use(self) -> bool:
        """Whether the server's own stack talks through it."""
        return self.has_address or self.has_default_route

    def require_free_for(self, what: str) -> None:
        """BindingError where the device cannot be joined by `what` at all."""
        if self.loopback:
            raise BindingError(f"device '{self.name}' is the loopback device; {what} needs another")
        if self.master is not None:
            raise BindingError(
                f"device '{self.name}' is a port of another device already; {what} needs a free one",
                hint="join the bridge itself instead",
            )


def inspect_device(host: Namespace, name: str) -> Device:
    """Look at a device; BindingError where there is none of that name."""
    index = host.index_of(name)
    with netlink_errors(f"cannot look at device '{name}'"):
        link = host.route.get_links(index)[0]
        addresses = list(host.route.get_addr(index=index))
        routes = list(host.route.get_routes())
    info = link.get_attr("IFLA_LINKINFO")
    return Device(
        name=name,
        index=index,
        kind=(info.get_attr("IFLA_INFO_KIND") if info else None) or "",
        loopback=bool(link["flags"] & _LOOPBACK),
        master=link.get_attr("IFLA_MASTER"),
        # A link-local IPv6 address comes by itself and means nothing.
        has_address=any(address["scope"] != 253 for address in addresses),
        has_default_route=any(_is_default(route, index) for route in routes),
    )


def _is_default(route: Any, index: int) -> bool:
    if route["dst_len"] != 0 or route["type"] != 1:
        return False
    hops = route.get_attr("RTA_MULTIPATH") or ()
    return route.get_attr("RTA_OIF") == index or any(hop["oif"] == index for hop in hops)
