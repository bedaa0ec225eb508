"""The `nsh` of `vnf.yaml`: the function's role in service function chains, and its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.nsh import Classification, Icmp, Nsh, Tunnel
from weft.vnf import quantities
from weft.vnf.document import MappingNode, TextNode
from weft.vnf.manifest.nsh_echo import read_echo
from weft.vnf.manifest.nsh_icmp import check_room, read_icmp
from weft.vnf.manifest.nsh_paths import read_rules, read_table
from weft.vnf.manifest.nsh_values import IPV4, MAC, VNI, NshValues

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.nsh import NextHop, Rule
    from weft.model.package import Component
    from weft.vnf.document import Node
    from weft.vnf.manifest.nsh_values import Form
    from weft.vnf.manifest.values import ManifestReader

__all__ = ["NSH_ELEMENT", "NSH_KEYS", "TRANSPORTS", "read_nsh", "role_in"]

NSH_ELEMENT = "nsh"
"""The element of the role in the graph; no interface and no component is called so."""

_ECHO_ELEMENT = "echo"
_NONE = "none"
_CHECKS = {"oam": False, "next-protocol": False, "experiment": False}
_CARRIER = {"role": True, "transport": False, "address": False, "vni": False}
_END = {**_CARRIER, **_CHECKS, "peer": False, "mac": False, "mtu": False}
NSH_KEYS: Mapping[str, Mapping[str, bool]] = {
    "proxy": {**_END, "reassociate": False, "flows": False, "timeout": False},
    "aware": _END,
    "internal": {"role": True},
    "classifier": {
        **_END,
        "rules": False,
        "in": False,
        "out": False,
        "next": False,
        "host": False,
        "unmatched": False,
        "icmp": False,
        "echo": False,
    },
    "forwarder": {**_CARRIER, **_CHECKS, "table": False, "echo": False},
}
_ROLES = tuple(NSH_KEYS)
TRANSPORTS = ("ethernet", "vxlan-gpe")
_TUNNEL_KEYS = ("address", "peer", "vni")
_DEFAULT_FLOWS, _MOST_FLOWS = 65536, 2**24
_DEFAULT_TIMEOUT_S, _MOST_TIMEOUT_S = 300, 3600
_DEFAULT_MTU, _LEAST_MTU, _MOST_MTU = 1500, 68, 65535


def role_in(node: Node) -> str:
    """The role that `nsh` names, whatever else is wrong with it; `none` where it names none."""
    if isinstance(node, MappingNode):
        node = next((value for key, value in node.entries if key.text == "role"), node)
    return node.text if isinstance(node, TextNode) and node.text in _ROLES else _NONE


def read_nsh(
    reader: ManifestReader,
    node: Node,
    interfaces: Sequence[str],
    components: Mapping[str, Component | None],
    parameters: Sequence[str],
) -> Nsh | None:
    """The settings; None where there is no role, or one that is too broken to have any."""
    if isinstance(node, TextNode):
        role = reader.choice(node, "nsh: ", (_NONE, *_ROLES))
    else:
        role = _role_of_mapping(reader, node)
    if role is None or role == _NONE:
        return None
    settings = _Settings(reader, role, node, interfaces, parameters)
    nsh = settings.read()
    settings.check_names(components)
    settings.check_programs(nsh, components)
    if "icmp" in settings.keys:
        check_room(settings, settings.keys["icmp"][0], nsh)
    return nsh


def _role_of_mapping(reader: ManifestReader, node: Node) -> str | None:
    if not isinstance(node, MappingNode):
        reader.problem(node.line, f"nsh: a role or a mapping is needed, not {node.kind}")
        return None
    entries = dict(reader.entries(node, "nsh: "))
    if "role" not in entries:
        allowed = f"allowed: {', '.join(_ROLES)}"
        reader.problem(node.line, f"nsh: missing key 'role'; {allowed}")
        return None
    return reader.choice(entries["role"][1], "nsh: role: ", _ROLES)


class _Settings(NshValues):
    """The settings of one function."""

    def __init__(
        self,
        reader: ManifestReader,
        role: str,
        node: Node,
        interfaces: Sequence[str],
        parameters: Sequence[str],
    ) -> None:
        super().__init__(reader, parameters)
        self.role = role
        self.line = node.line
        self.interfaces = interfaces
        self.keys: dict[str, tuple[int, Node]] = {}
        if isinstance(node, MappingNode):
            entries = {key.text: (key.line, value) for key, value in node.entries}
            self.keys = reader.known(node, entries, "nsh: ", NSH_KEYS[role])

    def read(self) -> Nsh:
        inside, outside = self._sides() if self.role == "classifier" else ("", "")
        carriers = (outside,) if self.role == "classifier" else tuple(self.interfaces)
        tunnels = self._tunnels(carriers)
        is_proxy = self.role == "proxy"
        return Nsh(
            role=self.role,
            oam=self._oam(),
            next_protocol=self._choice("next-protocol", ("drop", "forward")) or "drop",
            experiment=self._choice("experiment", ("true", "false")) == "true",
            mtu=self._number("mtu", _LEAST_MTU, _MOST_MTU) or _DEFAULT_MTU,
            tunnels=tunnels,
            macs=self._macs(carriers, tunnels),
            flows=self._flows() if is_proxy else 0,
            timeout_s=self._timeout() if is_proxy else 0,
            classification=self._classification(inside, outside, tunnels),
            table=self._table(tunnels),
            table_file=self._file("table"),
            echo=read_echo(self, self.keys["echo"][1], self.role) if "echo" in self.keys else None,
            line=self.line,
        )

    def check_names(self, components: Mapping[str, Component | None]) -> None:
        """What the path calls must not be called like the element of the role."""
        if self.role == "forwarder" and "echo" in self.keys and _ECHO_ELEMENT in self.interfaces:
            of = "is the element that answers requests; choose another name"
            self.reader.problem(self.line, f"interfaces: '{_ECHO_ELEMENT}' {of}")
        kinds = {"interfaces": self.interfaces, "components": components}
        for kind, names in kinds.items():
            if NSH_ELEMENT in names:
                of = "is the element of the function's role; choose another name"
                self.reader.problem(self.line, f"{kind}: '{NSH_ELEMENT}' {of}")

    def check_programs(self, nsh: Nsh, components: Mapping[str, Component | None]) -> None:
        """A program takes frames off one interface and sends others: nothing kept with them stays."""
        for name, component in components.items():
            if component is None or not component.interfaces or nsh.is_reassociating:
                continue
            why = "a program loses the header of every packet"
            to_do = {
                "aware": "use another framework, or 'role: proxy' with 'reassociate: flow'",
                "internal": "use another framework",
            }.get(self.role, "give 'nsh' the setting 'reassociate: flow', or use another framework")
            self.reader.problem(component.line, f"components: {name}: {why}; {to_do}")

    def _oam(self) -> str:
        chosen = self._choice("oam", ("drop", "forward"))
        if "echo" not in self.keys:
            return chosen or "drop"
        if chosen == "drop":
            line = self.keys["oam"][0]
            self.problem(line, "oam: 'drop' and 'echo', whose packets are OAM, exclude each other")
        return "forward"

    def _sides(self) -> tuple[str, str]:
        """The interfaces of a classifier; of two, one is named by naming the other."""
        chosen = {}
        for key in ("in", "out"):
            if key in self.keys:
                node, where = self.keys[key][1], f"nsh: {key}: "
                chosen[key] = self.reader.choice(node, where, self.interfaces) or ""
        if len(self.interfaces) != 2:
            count = len(self.interfaces)
            self.problem(self.line, f"a classifier has two interfaces, 'in' and 'out', not {count}")
            return chosen.get("in", ""), chosen.get("out", "")
        first, second = self.interfaces
        others = {first: second, second: first}
        inside = chosen.get("in") or others.get(chosen.get("out", ""), first)
        outside = chosen.get("out") or others[inside]
        if inside == outside:
            self.problem(self.keys["out"][0], f"out: '{outside}' is 'in' already")
        return inside, outside

    def _tunnels(self, carriers: Sequence[str]) -> tuple[Tunnel, ...]:
        transport = self._choice("transport", TRANSPORTS) or "ethernet"
        given = [key for key in _TUNNEL_KEYS if key in self.keys]
        if transport == "ethernet":
            for key in given:
                self.problem(self.keys[key][0], f"{key}: only with 'transport: vxlan-gpe'")
            return ()
        needed = [key for key in _TUNNEL_KEYS if key in NSH_KEYS[self.role]]
        for key in needed:
            if key not in given:
                self.problem(self.line, f"missing key '{key}'; 'transport: vxlan-gpe' needs it")
        addresses = self._per_interface("address", IPV4, carriers)
        peers = self._per_interface("peer", IPV4, carriers)
        vni = self._value("vni", VNI) or "0"
        if "address" in given and "peer" in given:
            self._same_interfaces(addresses, peers)
        return tuple(
            Tunnel(name, address, vni, peers.get(name, "")) for name, address in addresses.items()
        )

    def _same_interfaces(self, addresses: Mapping[str, str], peers: Mapping[str, str]) -> None:
        for name in addresses.keys() ^ peers.keys():
            has, lacks = ("address", "peer") if name in addresses else ("peer", "address")
            self.problem(self.keys[lacks][0], f"{lacks}: '{name}' has none, but it has '{has}'")

    def _macs(
        self, carriers: Sequence[str], tunnels: Sequence[Tunnel]
    ) -> tuple[tuple[str, str], ...]:
        """Whom packets go to; a classifier has no packet that came from there, so it must be told."""
        tunnelled = {tunnel.interface for tunnel in tunnels}
        if "mac" not in self.keys:
            if self.role == "classifier" and not tunnels and self._transport_is("ethernet"):
                why = "the Ethernet address that packets with a header go to"
                self.problem(self.line, f"missing key 'mac': {why}")
            return ()
        form = MAC
        if self.role != "classifier":
            allowed = f"{MAC.allowed}, or 'sender'"
            form = MAC.also(lambda text: text == "sender", allowed)
        found = self._per_interface("mac", form, carriers)
        for name in found.keys() & tunnelled:
            self.problem(self.keys["mac"][0], f"mac: '{name}' has a tunnel, which finds its peer")
        return tuple(found.items())

    def _transport_is(self, transport: str) -> bool:
        node = self.keys.get("transport", (0, None))[1]
        return not isinstance(node, TextNode) or node.text == transport

    def _classification(
        self, inside: str, outside: str, tunnels: Sequence[Tunnel]
    ) -> Classification | None:
        if self.role != "classifier":
            return None
        following = self._choice("next", ("ethernet", "ip")) or "ethernet"
        if following == "ip" and "host" not in self.keys:
            why = "'next: ip' needs the Ethernet address that packets go to that come back"
            self.problem(self.line, f"missing key 'host'; {why}")
        if following == "ethernet" and "host" in self.keys:
            self.problem(self.keys["host"][0], "host: only with 'next: ip'")
        return Classification(
            inside=inside,
            outside=outside,
            rules=self._rules(),
            file=self._file("rules"),
            host=self._value("host", MAC) or "",
            next=following,
            unmatched=self._unmatched(tunnels),
            icmp=read_icmp(self, self.keys["icmp"][1]) if "icmp" in self.keys else Icmp(),
        )

    def _unmatched(self, tunnels: Sequence[Tunnel]) -> str:
        chosen = self._choice("unmatched", ("drop", "forward")) or "drop"
        if chosen == "forward" and tunnels:
            why = "is not possible through a tunnel, whose network has frames of its own"
            self.problem(self.keys["unmatched"][0], f"unmatched: 'forward' {why}")
        return chosen

    def _rules(self) -> tuple[Rule, ...]:
        if "rules" not in self.keys or self._is_file("rules"):
            return ()
        return read_rules(self, self.keys["rules"][1])

    def _is_file(self, key: str) -> bool:
        """Whether what may be a list is the name of a file that has it, or a parameter for one."""
        return key in self.keys and isinstance(self.keys[key][1], TextNode)

    def _file(self, key: str) -> str:
        return self.file(self.keys[key][1], f"{key}: ") or "" if self._is_file(key) else ""

    def _table(self, tunnels: Sequence[Tunnel]) -> tuple[NextHop, ...]:
        if "table" not in self.keys or self._is_file("table"):
            return ()
        return read_table(self, self.keys["table"][1], self.interfaces, tunnels)

    def _flows(self) -> int:
        chosen = self._choice("reassociate", ("flow",))
        flows = self._number("flows", 1, _MOST_FLOWS) or _DEFAULT_FLOWS
        for key in ("flows", "timeout"):
            if key in self.keys and "reassociate" not in self.keys:
                self.problem(self.keys[key][0], f"{key}: only with 'reassociate: flow'")
        return flows if chosen else 0

    def _timeout(self) -> int:
        if "timeout" not in self.keys:
            return _DEFAULT_TIMEOUT_S if "reassociate" in self.keys else 0
        return (
            self.reader.quantity(
                self.keys["timeout"][1],
                "nsh: timeout: ",
                _whole_seconds,
                f"whole seconds with one of s, min, from 1s to {_MOST_TIMEOUT_S // 60}min",
            )
            or _DEFAULT_TIMEOUT_S
        )

    def _choice(self, key: str, allowed: Sequence[str]) -> str | None:
        if key not in self.keys:
            return None
        return self.reader.choice(self.keys[key][1], f"nsh: {key}: ", allowed)

    def _number(self, key: str, least: int, most: int) -> int | None:
        if key not in self.keys:
            return None
        return self.reader.quantity(
            self.keys[key][1],
            f"nsh: {key}: ",
            lambda text: quantities.whole_number(text, least, most),
            f"a whole number from {least} to {most}",
        )

    def _value(self, key: str, form: Form) -> str | None:
        if key not in self.keys:
            return None
        return self.value(self.keys[key][1], f"{key}: ", form)

    def _per_interface(self, key: str, form: Form, carriers: Sequence[str]) -> dict[str, str]:
        """One value for all interfaces that carry headers, or a mapping of some of them."""
        if key not in self.keys:
            return {}
        node = self.keys[key][1]
        if not isinstance(node, MappingNode):
            text = self.value(node, f"{key}: ", form)
            return dict.fromkeys(carriers, text) if text else {}
        allowed = dict.fromkeys(carriers, False)
        entries = self.reader.mapping(node, f"nsh: {key}: ", allowed)
        read = {
            name: self.value(item, f"{key}: {name}: ", form) for name, (_, item) in entries.items()
        }
        return {name: text for name, text in read.items() if text}


def _whole_seconds(text: str) -> int | None:
    seconds = quantities.duration_s(text)
    return int(seconds) if seconds and seconds >= 1 and seconds == int(seconds) else None
