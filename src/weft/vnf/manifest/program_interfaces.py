"""The `interfaces` of a program: a list of names, or a mapping from names to their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.package import ProgramInterface
from weft.vnf import quantities
from weft.vnf.addresses import (
    ADDRESS_ALLOWED,
    GATEWAY_ALLOWED,
    host_address,
    is_reached,
    router_address,
)
from weft.vnf.document import ListNode, MappingNode, TextNode
from weft.vnf.manifest.values import INTERFACE, INTERFACE_ALLOWED
from weft.vnf.references import references_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.vnf.addresses import HostAddress
    from weft.vnf.document import Node
    from weft.vnf.manifest.values import ManifestReader

    Keys = Mapping[str, tuple[int, Node]]

__all__ = ["MOST_MTU", "PROGRAM_INTERFACE_KEYS", "read_interfaces"]

_LIMIT = 16
PROGRAM_INTERFACE_KEYS = {"address": False, "gateway": False, "mtu": False}
_LEAST_MTU = {4: 68, 6: 1280}
MOST_MTU = 65535


def read_interfaces(reader: ManifestReader, node: Node, where: str) -> tuple[ProgramInterface, ...]:
    """What `node` says; problems go to the reader."""
    if not isinstance(node, ListNode | MappingNode):
        message = f"a list of names, or a mapping of names, is needed, not {node.kind}"
        reader.problem(node.line, where + message)
        return ()
    several = _Interfaces(reader, where)
    found = several.of_mapping(node) if isinstance(node, MappingNode) else several.of_list(node)
    count = len(node.entries if isinstance(node, MappingNode) else node.items)
    if count > _LIMIT:
        reader.problem(node.line, f"{where}at most {_LIMIT} are allowed")
    elif count == 0:
        reader.problem(node.line, f"{where}at least one is needed")
    return found


class _Interfaces:
    """All interfaces of one program."""

    def __init__(self, reader: ManifestReader, where: str) -> None:
        self.reader = reader
        self.where = where
        self.names: set[str] = set()
        self.routed: dict[int, str] = {}
        """By IP version, the interface that has the default route."""

    def of_list(self, node: ListNode) -> tuple[ProgramInterface, ...]:
        names = [self._name(item) for item in node.items]
        return tuple(ProgramInterface(name) for name in names if name is not None)

    def of_mapping(self, node: MappingNode) -> tuple[ProgramInterface, ...]:
        found = []
        for key, value in node.entries:
            name = self._name(key)
            interface = self._settings(name or key.text, value)
            if name is not None:
                found.append(interface)
        return tuple(found)

    def _name(self, node: Node) -> str | None:
        name = self.reader.word(node, self.where, INTERFACE, INTERFACE_ALLOWED)
        if name is not None and (name in self.names or name == "lo"):
            why = "is there already" if name == "lo" else "is given twice"
            self.reader.problem(node.line, f"{self.where}'{name}' {why}")
            return None
        if name is not None:
            self.names.add(name)
        return name

    def _settings(self, name: str, node: Node) -> ProgramInterface:
        if isinstance(node, TextNode) and not node.text:
            return ProgramInterface(name)
        where = f"{self.where}{name}: "
        keys = self.reader.mapping(node, where, PROGRAM_INTERFACE_KEYS)
        known: list[HostAddress] = []
        addresses = self._addresses(keys, where, known)
        are_all_known = len(known) == len(addresses)
        gateways = self._gateways(keys, where, name, known if are_all_known else None)
        mtu = self._mtu(keys, where, known)
        return ProgramInterface(name, tuple(addresses), tuple(gateways), mtu)

    def _addresses(self, keys: Keys, where: str, known: list[HostAddress]) -> list[str]:
        """Addresses and parameters as written; the addresses among them are `known`, too."""
        found: list[str] = []
        for line, text in self._values(keys, "address", where):
            address = host_address(text)
            if references_in(text):
                self.reader.references(text, line, f"{where}address: ")
                found.append(text)
            elif address is None:
                message = f"'{text}' is not valid; allowed: {ADDRESS_ALLOWED}"
                self.reader.problem(line, f"{where}address: {message}")
            elif any(address.ip == other.ip for other in known):
                self.reader.problem(line, f"{where}address: '{address.ip}' is given twice")
            else:
                known.append(address)
                found.append(address.with_prefixlen)
        return found

    def _gateways(
        self, keys: Keys, where: str, name: str, addresses: list[HostAddress] | None
    ) -> list[str]:
        """Gateways and parameters; without `addresses` nobody can tell yet whether they are neighbours."""
        found = []
        for line, text in self._values(keys, "gateway", where):
            gateway = router_address(text)
            if references_in(text):
                self.reader.references(text, line, f"{where}gateway: ")
                found.append(text)
                continue
            if gateway is None:
                problem = f"'{text}' is not valid; allowed: {GATEWAY_ALLOWED}"
            elif addresses is not None and not any(is_reached(one, gateway) for one in addresses):
                problem = f"'{gateway}' lies in no network of '{name}'"
            elif gateway.version in self.routed:
                other = self.routed[gateway.version]
                problem = f"IPv{gateway.version} has a default route already, by '{other}'"
            else:
                self.routed[gateway.version] = name
                found.append(str(gateway))
                continue
            self.reader.problem(line, f"{where}gateway: {problem}")
        return found

    def _mtu(self, keys: Keys, where: str, addresses: list[HostAddress]) -> int | None:
        if "mtu" not in keys:
            return None
        least = _LEAST_MTU[max((address.version for address in addresses), default=4)]
        return self.reader.quantity(
            keys["mtu"][1],
            f"{where}mtu: ",
            lambda text: quantities.whole_number(text, least, MOST_MTU),
            f"a whole number from {least} to {MOST_MTU}",
        )

    def _values(self, keys: Keys, key: str, where: str) -> list[tuple[int, str]]:
        """A value or several, each with its line."""
        if key not in keys:
            return []
        node = keys[key][1]
        if isinstance(node, ListNode) and not node.items:
            self.reader.problem(node.line, f"{where}{key}: at least one is needed")
        nodes = node.items if isinstance(node, ListNode) else (node,)
        found = [(item.line, self.reader.text(item, f"{where}{key}: ")) for item in nodes]
        return [(line, text) for line, text in found if text is not None]
