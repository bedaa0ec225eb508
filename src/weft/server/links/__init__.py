"""How an interface is joined to the world: one file per way, one line each here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.errors import BindingError
from weft.model.binding import DeviceBinding, NetnsBinding
from weft.model.package import DRIVERS
from weft.server.links import bridge, macvlan, taken, veth
from weft.server.links.device import inspect_device

if TYPE_CHECKING:
    from weft.model.binding import Binding
    from weft.server.links.base import Join
    from weft.server.namespaces import Namespace

__all__ = ["choose_join"]


def choose_join(binding: Binding, host: Namespace, driver: str = DRIVERS[0]) -> Join:
    """The way to join what the binding asks for; BindingError where there is none."""
    if isinstance(binding, NetnsBinding):
        return veth.VethJoin(binding.netns, binding.link, driver)
    if not isinstance(binding, DeviceBinding):
        raise BindingError(f"interface '{binding.interface}': a sandbox cannot be joined to a file")
    device = inspect_device(host, binding.device)
    if binding.take:
        return taken.TakenJoin(device)
    if device.kind == "bridge":
        return bridge.BridgeJoin(device, driver)
    return macvlan.MacvlanJoin(device)
