"""What a function is to service function chains (SFC): its role with the Network Service Header (NSH).

Values are as they stand in the graph, so that a parameter (`$NAME`) may stand for each of them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ICMP_ADDRESS",
    "WHOLE_ROLES",
    "Classification",
    "Echo",
    "Icmp",
    "NextHop",
    "Nsh",
    "Rule",
    "Tlv",
    "Tunnel",
]

WHOLE_ROLES = ("classifier", "forwarder")
"""The roles that are a function's whole work, so that it has no components."""

ICMP_ADDRESS = "192.0.0.8"
"""The IPv4 address that ICMP errors have as source where a node has none (RFC 7600)."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """An interface that carries headers in VXLAN-GPE (UDP port 4790) over IPv4.

    `address` is its own, `peer` that of the other end; a forwarder has as many as its table names.
    """

    interface: str
    address: str
    vni: str
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Tlv:
    """A context header of variable length (RFC 8300, section 2.5.1); `value` in hexadecimal digits."""

    metadata_class: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Packets that `match` (a filter of IPClassifier) get this header.

    `context` is 16 bytes in hexadecimal digits (MD type 1); it and `tlvs` (MD type 2) exclude one
    another. `line` is where it stands in `vnf.yaml`.
    """

    match: str
    spi: str
    si: str = ""
    ttl: str = ""
    context: str = ""
    tlvs: tuple[Tlv, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Icmp:
    """Sources of ICMP errors about packets too big; without `address6` those of IPv6 get none."""

    address: str = ICMP_ADDRESS
    address6: str = ""


@dataclass(frozen=True, slots=True)
class Echo:
    """Echo requests of active OAM (RFC 9516) are answered from `address`.

    `reply`, as in "110/255", is the path that replies to a classifier's own requests take; without
    it it sends none.
    """

    address: str
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """A classifier's: packets from `inside` get headers and leave by `outside`, and the way back.

    Its rules are `rules`, or stand in `file`.
    `host` is whom IP packets go to that come back without Ethernet inside. `next` is what follows
    the header, "ethernet" or "ip". `unmatched` is "drop" or "forward".
    """

    inside: str
    outside: str
    rules: tuple[Rule, ...]
    host: str = ""
    next: str = "ethernet"
    unmatched: str = "drop"
    icmp: Icmp = Icmp()
    file: str = ""


@dataclass(frozen=True, slots=True)
class NextHop:
    """An entry of a forwarder's table: packets with this path and index leave by `interface`.

    They go to the Ethernet address `mac`, or through the interface's tunnel to `peer`.
    """

    spi: str
    si: str
    interface: str
    mac: str = ""
    peer: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Nsh:
    """The role, "proxy", "aware", "internal", "classifier" or "forwarder", and its settings.

    `oam` and `next_protocol` say what is done with OAM packets and with next protocols that are not
    supported: "drop" or "forward". `mtu` is in bytes behind the link header. `macs` are pairs of an
    interface and the Ethernet address that packets go to from there, or "sender" for the one they
    came from; without one they keep their addresses. `flows` and `timeout_s` are those of
    re-association, 0 where there is none. The next hops of a forwarder are `table`, or stand in
    `table_file`.
    """

    role: str
    oam: str = "drop"
    next_protocol: str = "drop"
    experiment: bool = False
    mtu: int = 1500
    tunnels: tuple[Tunnel, ...] = ()
    macs: tuple[tuple[str, str], ...] = ()
    flows: int = 0
    timeout_s: int = 0
    classification: Classification | None = None
    table: tuple[NextHop, ...] = ()
    table_file: str = ""
    echo: Echo | None = None
    line: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the function is this role and nothing else, so that it has no components."""
        return self.role in WHOLE_ROLES

    @property
    def is_reassociating(self) -> bool:
        """Whether packets that lost their header get that of their flow."""
        return self.flows > 0

    def tunnel(self, interface: str) -> Tunnel | None:
        """The tunnel of an interface; None where it carries headers right over Ethernet."""
        return next((item for item in self.tunnels if item.interface == interface), None)
