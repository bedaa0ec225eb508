"""The `icmp` of a classifier in `vnf.yaml`: who tells senders that packets are too big."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.nsh import ICMP_ADDRESS, Icmp
from weft.vnf.manifest.nsh_values import IPV4, IPV6
from weft.vnf.nsh_room import IPV4_LEAST, IPV6_LEAST, ip_room

if TYPE_CHECKING:
    from weft.model.nsh import Nsh
    from weft.vnf.document import Node
    from weft.vnf.manifest.nsh_values import NshValues

__all__ = ["ICMP_KEYS", "check_room", "read_icmp"]

_FORMS = {"address": IPV4, "address6": IPV6}
ICMP_KEYS = dict.fromkeys(_FORMS, False)


def read_icmp(values: NshValues, node: Node) -> Icmp:
    """The sources of ICMP errors."""
    keys = values.reader.mapping(node, "nsh: icmp: ", ICMP_KEYS)
    found = {
        key: values.value(keys[key][1], f"icmp: {key}: ", form)
        for key, form in _FORMS.items()
        if key in keys
    }
    return Icmp(found.get("address") or ICMP_ADDRESS, found.get("address6") or "")


def check_room(values: NshValues, line: int, nsh: Nsh) -> None:
    """The packets that senders are told of must be as long as every link carries."""
    task = nsh.classification
    if task is None:
        return
    version, least = ("IPv6", IPV6_LEAST) if task.icmp.address6 else ("IPv4", IPV4_LEAST)
    room = ip_room(nsh, task)
    if room < least:
        needed = nsh.mtu + least - room
        values.problem(
            line,
            f"icmp: an 'mtu' of {nsh.mtu} leaves {max(room, 0)} bytes for a packet inside; "
            f"{version} needs {least}, so give at least 'mtu: {needed}'",
        )
