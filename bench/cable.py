"""Namespaces with cables between them, for figures of packets on real devices."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from demo.stage import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PREFIX", "Host", "connect", "host", "received_packets"]

PREFIX = "weft-bench-"
"""How all begins that is made outside of folders; the process id is next."""

_NO_IPV6 = Path("/proc/sys/net/ipv6/conf/default/disable_ipv6")
_MTU = 1600


@contextlib.contextmanager
def host(role: str) -> Iterator[Host]:
    """A namespace without a word of its own on its devices, for the length of the body."""
    made = Host(f"{PREFIX}{os.getpid()}-{role}")
    try:
        with made.namespace.entered(), contextlib.suppress(FileNotFoundError):
            _NO_IPV6.write_text("1")
        yield made
    finally:
        made.close()


def connect(first: Host, first_device: str, second: Host, second_device: str) -> None:
    """A cable between two hosts, up at both ends."""
    first.namespace.route.link(
        "add",
        ifname=first_device,
        kind="veth",
        mtu=_MTU,
        peer={
            "ifname": second_device,
            "net_ns_fd": second.namespace.descriptor,
            "mtu": _MTU,
        },
    )
    for end, device in ((first, first_device), (second, second_device)):
        index = end.namespace.index_of(device)
        end.namespace.route.link("set", index=index, state="up")


def received_packets(at: Host, device: str) -> int:
    """Packets a device has received so far."""
    [link] = at.namespace.route.get_links(at.namespace.index_of(device))
    packets: int = link.get_attr("IFLA_STATS64")["rx_packets"]
    return packets
