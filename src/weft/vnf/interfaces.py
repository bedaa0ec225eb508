"""The Virtual Network Subsystem's outer side: what people write to join interfaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.errors import BindingError, UsageError
from weft.model.binding import Binding, DeviceBinding, NetnsBinding, PcapBinding
from weft.model.package import DRIVERS
from weft.vnf.reader import suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.model.package import Package

__all__ = ["match_bindings", "match_drivers", "parse_binding"]

_FORMS = "NAME=DEVICE[:take], NAME=netns:NAMESPACE[:LINK] or NAME=pcap:IN[:OUT]"
_LINK = re.compile(r"[^\s/:]{1,15}")


def parse_binding(text: str) -> Binding:
    """The binding that `NAME=...` means; UsageError says what is allowed."""
    interface, equals, target = text.partition("=")
    if not equals or not interface or not target:
        raise UsageError(f"--interface {text}: not understood; allowed: {_FORMS}")
    kind, colon, rest = target.partition(":")
    if kind == "pcap" and colon:
        source, _, sink = rest.partition(":")
        if not source and not sink:
            raise UsageError(f"--interface {text}: a file is missing; allowed: {_FORMS}")
        return PcapBinding(interface, source, sink or None)
    if kind == "netns" and colon:
        netns, _, link = rest.partition(":")
        if not netns or "/" in netns or netns in (".", ".."):
            raise UsageError(
                f"--interface {text}: '{netns}' cannot name a namespace; "
                "allowed: a name that `ip netns list` shows"
            )
        return NetnsBinding(interface, netns, _link(text, link) if link else None)
    if colon and rest != "take":
        raise UsageError(f"--interface {text}: not understood; allowed: {_FORMS}")
    return DeviceBinding(interface, _link(text, kind), take=bool(colon))


def _link(text: str, name: str) -> str:
    if not _LINK.fullmatch(name) or name in (".", ".."):
        raise UsageError(
            f"--interface {text}: '{name}' cannot name a device; "
            "allowed: 1 to 15 characters without spaces, '/' and ':'"
        )
    return name


def match_bindings(interfaces: Sequence[str], bindings: Sequence[Binding]) -> tuple[Binding, ...]:
    """One binding for each interface, in the order of the interfaces."""
    given: dict[str, Binding] = {}
    for binding in bindings:
        name = binding.interface
        if name not in interfaces:
            raise BindingError(f"no interface '{name}'{suggestion(name, interfaces)}")
        if name in given:
            raise BindingError(f"interface '{name}' is joined twice: {given[name]} and {binding}")
        given[name] = binding
    missing = [name for name in interfaces if name not in given]
    if missing:
        raise BindingError(
            f"nothing is joined to interface{'s' if len(missing) > 1 else ''} {', '.join(missing)}",
            hint=f"add --interface {missing[0]}=DEVICE (or netns:NAMESPACE, or pcap:IN[:OUT])",
        )
    kinds = {isinstance(binding, PcapBinding) for binding in given.values()}
    if len(kinds) > 1:
        raise BindingError("pcap interfaces cannot be mixed with devices and namespaces")
    return tuple(given[name] for name in interfaces)


def match_drivers(
    package: Package, bindings: Sequence[Binding], texts: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Pairs of an interface and its driver: what `[NAME=]DRIVER` says, else what the package says."""
    chosen = dict(package.drivers)
    for text in texts:
        name, equals, driver = text.rpartition("=")
        if driver not in DRIVERS:
            raise UsageError(
                f"--driver {text}: no driver '{driver}'; allowed: {', '.join(DRIVERS)}, "
                "or NAME=DRIVER for one interface"
            )
        if equals and name not in package.interfaces:
            raise BindingError(f"no interface '{name}'{suggestion(name, package.interfaces)}")
        if any(isinstance(binding, PcapBinding) for binding in bindings):
            raise UsageError(f"--driver {text}: capture files need none; leave out --driver")
        chosen |= dict.fromkeys((name,) if equals else package.interfaces, driver)
    return tuple((name, driver) for name, driver in chosen.items() if driver != DRIVERS[0])
