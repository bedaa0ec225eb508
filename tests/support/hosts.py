"""Namespaces for tests: made under names of their own, removed with everything in them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

from weft.server.namespaces import NETNS_FOLDER, Namespace

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Host", "between", "can_make_namespaces"]


def can_make_namespaces() -> bool:
    """Whether this process may make and join network namespaces."""
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return os.geteuid() == 0 and tried.returncode == 0


class Host:
    """A named namespace."""

    def __init__(self, role: str) -> None:
        from pyroute2 import netns

        self.name = f"weft-test-{os.getpid()}-{role}"
        netns.create(self.name)
        self.namespace = Namespace.named(self.name)

    @property
    def route(self) -> Any:
        """A netlink socket in the namespace."""
        return self.namespace.route

    def links(self) -> dict[str, dict[str, Any]]:
        """The devices of the namespace but its loopback: kind, whether up, MTU, MAC."""
        found = {}
        for link in self.route.get_links():
            info = link.get_attr("IFLA_LINKINFO")
            found[link.get_attr("IFLA_IFNAME")] = {
                "kind": info.get_attr("IFLA_INFO_KIND") if info else "",
                "up": bool(link["flags"] & 1),
                "mtu": link.get_attr("IFLA_MTU"),
                "mac": link.get_attr("IFLA_ADDRESS"),
            }
        found.pop("lo", None)
        return found

    def configure(self, device: str, address: str) -> None:
        """Give a device an address of a /24."""
        index = self.namespace.index_of(device)
        self.route.addr("add", index=index, address=address, prefixlen=24)
        self.route.link("set", index=index, state="up")

    def keep_silent(self) -> None:
        """Have devices that come send nothing of their own accord: no IPv6."""
        switch = "/proc/sys/net/ipv6/conf/default/disable_ipv6"
        done = self.run(["sh", "-c", f"[ ! -e {switch} ] || echo 1 > {switch}"])
        assert done.returncode == 0, done.stderr

    def run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run a program in the namespace."""
        command = ["nsenter", f"--net={NETNS_FOLDER / self.name}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def close(self) -> None:
        """Remove the namespace."""
        from pyroute2 import netns

        self.namespace.close()
        netns.remove(self.name)


def between(left: Host, right: Host) -> list[str]:
    """The options of `weft run` that join a function to two hosts: `in` to the left, `out` to the right."""
    ends = (f"in=netns:{left.name}:eth0", f"out=netns:{right.name}:eth0")
    return [part for end in ends for part in ("--interface", end)]
