"""The schema of `nsh`: of each role's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.manifest.nsh import NSH_KEYS, TRANSPORTS
from weft.vnf.manifest.nsh_echo import ECHO_KEYS
from weft.vnf.manifest.nsh_icmp import ICMP_KEYS
from weft.vnf.manifest.nsh_paths import HOP_KEYS, RULE_KEYS, TLV_KEYS
from weft.vnf.schema.shapes import either, list_of, mapping_of, one_of, record, text, whole

if TYPE_CHECKING:
    from weft.vnf.schema.shapes import Schema

__all__ = ["NSH_SHAPES", "nsh_schema"]

_SPI = whole("service path identifier", 0, 2**24 - 1)
_SI = whole("service index", 1, 255, default=255)
_MAC = text("an Ethernet address")
_IPV4 = text("an IPv4 address of one host")


def _per_interface(value: Schema, about: str) -> Schema:
    return either(about, value, mapping_of(value, "by interface"))


_TLV = {
    "class": text("metadata class, 0 to 65535, or as in 0x100"),
    "type": text("metadata type, 0 to 255, or as in 0x1f"),
    "value": text("at most 127 bytes, two hexadecimal digits each"),
}
_RULE = {
    "match": text("a filter of IPClassifier, or - for every packet"),
    "spi": _SPI,
    "si": _SI,
    "ttl": whole("hops through forwarders", 1, 63, default=63),
    "context": text(
        "16 bytes of metadata in hexadecimal digits (MD type 1); zeros where not given"
    ),
    "tlvs": list_of(record(TLV_KEYS, _TLV), "in place of `context`, context headers (MD type 2)"),
}
_HOP = {
    "spi": _SPI,
    "si": whole("service index", 1, 255),
    "interface": text("the interface that packets leave by"),
    "mac": _MAC,
    "vxlan-gpe": text("the IPv4 address of the other end, where the interface has a tunnel"),
}
_ICMP = {
    "address": text("the IPv4 source of errors"),
    "address6": text("the IPv6 source of errors; without it there are none for IPv6"),
}
_ECHO = {
    "address": text("own IP address in echo packets"),
    "reply": text("the path and index of replies, as in 110/255"),
}

NSH_SHAPES: dict[str, Schema] = {
    "transport": one_of("how headers are carried", TRANSPORTS, default="ethernet"),
    "address": _per_interface(_IPV4, "with vxlan-gpe: the interface's own address"),
    "peer": _per_interface(_IPV4, "with vxlan-gpe: the address of the other end"),
    "vni": whole("with vxlan-gpe: the network identifier", 0, 2**24 - 1),
    "oam": one_of("packets with the O bit", ("drop", "forward"), default="drop"),
    "next-protocol": one_of(
        "packets of next protocols that are not supported", ("drop", "forward"), default="drop"
    ),
    "experiment": one_of(
        "whether MD type 15 and next protocols 254 and 255 pass", ("true", "false"), default=False
    ),
    "mac": _per_interface(_MAC, "whom packets with a header go to; `sender`: where they came from"),
    "mtu": whole("the most bytes behind the Ethernet header", 68, 65535, default=1500),
    "reassociate": one_of("flow: find the header of a packet by its flow", ("flow",)),
    "flows": whole("flows that are remembered", 1, 2**24, default=65536),
    "timeout": text("how long a flow is remembered, in whole seconds, 1s to 60min", default="300s"),
    "rules": either(
        "which packets go into which path, first match",
        list_of(record(RULE_KEYS, _RULE), "the rules"),
        text("a file of the package with a rule a line, or a parameter for one"),
    ),
    "in": text("the interface without headers"),
    "out": text("the interface with headers"),
    "next": one_of("what follows a header", ("ethernet", "ip"), default="ethernet"),
    "host": text("with `next: ip`: the Ethernet address of packets that come back"),
    "unmatched": one_of("packets that no rule matches", ("drop", "forward"), default="drop"),
    "icmp": record(ICMP_KEYS, _ICMP, "who tells senders that packets are too big"),
    "table": either(
        "the next hop of each path and index",
        list_of(record(HOP_KEYS, _HOP), "the next hops"),
        text("a file of the package with an entry a line, or a parameter for one"),
    ),
}
"""What each key means, in whichever role; `role` and `echo` differ from one to the next."""


def nsh_schema() -> Schema:
    """A role by its name, or with settings."""
    roles = tuple(NSH_KEYS)
    settings: Schema = {
        "type": "object",
        "required": ["role"],
        "properties": {"role": one_of("the role in service function chains", roles)},
        "allOf": [_of_role(role) for role in roles],
    }
    name = one_of("the role in service function chains", ("none", *roles))
    about = "the function's role with the Network Service Header (RFC 8300)"
    return either(about, name, settings, default="none")


def _of_role(role: str) -> Schema:
    shapes: dict[str, Schema] = {"role": {"const": role}, **NSH_SHAPES}
    if role in ECHO_KEYS:
        shapes["echo"] = record(ECHO_KEYS[role], _ECHO, "takes part in active OAM (RFC 9516)")
    return {
        "if": {"required": ["role"], "properties": {"role": {"const": role}}},
        "then": record(NSH_KEYS[role], shapes),
    }
