"""Service paths in `vnf.yaml`: the `rules` of a classifier and the `table` of a forwarder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.nsh import NextHop, Rule, Tlv
from weft.vnf.manifest.nsh_values import (
    CONTEXT,
    IPV4,
    MAC,
    MATCH,
    METADATA_CLASS,
    METADATA_TYPE,
    METADATA_VALUE,
    SI,
    SPI,
    TTL,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from weft.model.nsh import Tunnel
    from weft.vnf.document import Node
    from weft.vnf.manifest.nsh_values import Form, NshValues

    Keys = Mapping[str, tuple[int, Node]]

__all__ = ["HOP_KEYS", "RULE_KEYS", "TLV_KEYS", "read_rules", "read_table"]

RULE_KEYS = {"match": True, "spi": True, "si": False, "ttl": False, "context": False, "tlvs": False}
TLV_KEYS = {"class": True, "type": True, "value": False}
HOP_KEYS = {"spi": True, "si": True, "interface": True, "mac": False, "vxlan-gpe": False}
_TLVS_BYTES = 244
_TLV_HEADER_BYTES = 4


def read_rules(values: NshValues, node: Node) -> tuple[Rule, ...]:
    """The rules of a classifier, in the order in which they are tried."""
    read = _Reading(values)
    items = values.reader.items(node, "nsh: rules: ")
    return tuple(read.rule(item, f"rules: {number}: ") for number, item in enumerate(items, 1))


def read_table(
    values: NshValues, node: Node, interfaces: Sequence[str], tunnels: Sequence[Tunnel]
) -> tuple[NextHop, ...]:
    """The entries of a forwarder's table."""
    read = _Reading(values)
    tunnelled = {tunnel.interface for tunnel in tunnels}
    seen: dict[tuple[str, str], int] = {}
    found = []
    for number, item in enumerate(values.reader.items(node, "nsh: table: "), 1):
        where = f"table: {number}: "
        hop = read.hop(item, where, interfaces, tunnelled)
        first = seen.get((hop.spi, hop.si))
        if first is None:
            seen[hop.spi, hop.si] = hop.line
        elif hop.spi and hop.si:
            again = f"path {hop.spi} with index {hop.si} has a next hop already, on line {first}"
            values.problem(hop.line, where + again)
        found.append(hop)
    return tuple(found)


class _Reading:
    """Reads entries; a value that is wrong is an empty text, and a problem of the reader's."""

    def __init__(self, values: NshValues) -> None:
        self.values = values

    def rule(self, node: Node, where: str) -> Rule:
        keys = self.values.reader.mapping(node, f"nsh: {where}", RULE_KEYS)
        if "context" in keys and "tlvs" in keys:
            self.values.problem(keys["tlvs"][0], f"{where}'context' and 'tlvs' exclude each other")
        return Rule(
            match=self._value(keys, "match", where, MATCH),
            spi=self._value(keys, "spi", where, SPI),
            si=self._value(keys, "si", where, SI),
            ttl=self._value(keys, "ttl", where, TTL),
            context=self._value(keys, "context", where, CONTEXT),
            tlvs=self._tlvs(keys["tlvs"][1], where) if "tlvs" in keys else (),
            line=node.line,
        )

    def _tlvs(self, node: Node, where: str) -> tuple[Tlv, ...]:
        where = f"{where}tlvs: "
        items = self.values.reader.items(node, f"nsh: {where}")
        found = [self._tlv(item, f"{where}{number}: ") for number, item in enumerate(items, 1)]
        length = sum(_TLV_HEADER_BYTES + (len(tlv.value) // 2 + 3) // 4 * 4 for tlv in found)
        if length > _TLVS_BYTES:
            least = f"they take {length} bytes, padding included; allowed: at most {_TLVS_BYTES}"
            self.values.problem(node.line, where + least)
        return tuple(found)

    def _tlv(self, node: Node, where: str) -> Tlv:
        keys = self.values.reader.mapping(node, f"nsh: {where}", TLV_KEYS)
        return Tlv(
            metadata_class=self._value(keys, "class", where, METADATA_CLASS),
            type=self._value(keys, "type", where, METADATA_TYPE),
            value=self._value(keys, "value", where, METADATA_VALUE),
        )

    def hop(
        self, node: Node, where: str, interfaces: Sequence[str], tunnelled: Collection[str]
    ) -> NextHop:
        keys = self.values.reader.mapping(node, f"nsh: {where}", HOP_KEYS)
        interface = None
        if "interface" in keys:
            at = f"nsh: {where}interface: "
            interface = self.values.reader.choice(keys["interface"][1], at, interfaces)
        if interface in interfaces:
            self._check_address(node, keys, where, interface or "", tunnelled)
        return NextHop(
            spi=self._value(keys, "spi", where, SPI),
            si=self._value(keys, "si", where, SI),
            interface=interface or "",
            mac=self._value(keys, "mac", where, MAC),
            peer=self._value(keys, "vxlan-gpe", where, IPV4),
            line=node.line,
        )

    def _check_address(
        self, node: Node, keys: Keys, where: str, interface: str, tunnelled: Collection[str]
    ) -> None:
        """An entry says whom packets go to, in the way in which its interface carries them."""
        needed, other = "mac", "vxlan-gpe"
        how = "carries headers right over Ethernet"
        if interface in tunnelled:
            needed, other, how = other, needed, "carries headers in VXLAN-GPE"
        if other in keys:
            line = keys[other][0]
            self.values.problem(line, f"{where}{other}: '{interface}' {how}; give '{needed}'")
        elif needed not in keys:
            self.values.problem(node.line, f"{where}missing key '{needed}': '{interface}' {how}")

    def _value(self, keys: Keys, key: str, where: str, form: Form) -> str:
        if key not in keys:
            return ""
        return self.values.value(keys[key][1], f"{where}{key}: ", form) or ""
