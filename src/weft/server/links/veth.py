"""A pair of virtual Ethernet devices: one end inside the sandbox, one in a named namespace."""

from __future__ import annotations

import errno

from weft.errors import LinkError
from weft.server.links.base import LINK_GROUP, SANDBOX_MTU
from weft.server.namespaces import Namespace, netlink_errors

__all__ = ["VethJoin", "delete_all_inside", "delete_inside", "make_pair"]


class VethJoin:
    """Joins an interface to a namespace."""

    def __init__(self, netns: str, link: str | None, driver: str) -> None:
        self._netns = netns
        self._driver = driver
        self._link = link
        self._outside = Namespace.named(netns)
        self._name = ""

    def attach(self, host: Namespace, sandbox: Namespace, interface: str, name: str) -> str:
        """Make the pair with both ends where they belong, so that none is moved."""
        self._name = self._link or name
        make_pair(sandbox, interface, self._outside, self._name, self._driver)
        self._outside.bring_up(self._name)
        return f"veth to {self._name} in namespace {self._netns}"

    def settle(self, host: Namespace) -> None:
        """Have the outer end send from now on."""
        self._outside.settle(self._name)

    def close(self) -> None:
        """Let go of the namespace."""
        self._outside.close()

    def detach(self, host: Namespace, sandbox: Namespace, interface: str) -> None:
        """Delete the inner end; the outer one goes with it."""
        delete_inside(sandbox, interface)


def make_pair(
    sandbox: Namespace, interface: str, outside: Namespace, name: str, driver: str
) -> None:
    """Both ends at once; process 1 brings the inner one up when its network stack is silent."""
    try:
        with netlink_errors(f"cannot make the link '{name}' in {outside.name}"):
            sandbox.route.link(
                "add",
                ifname=interface,
                kind="veth",
                mtu=SANDBOX_MTU,
                group=LINK_GROUP,
                peer={"ifname": name, "net_ns_fd": outside.descriptor},
            )
    except LinkError as error:
        if error.message.endswith("File exists"):
            raise LinkError(
                f"a device '{name}' is in {outside.name} already",
                hint="name another: --interface NAME=netns:NAMESPACE:LINK",
            ) from None
        raise
    if driver == "af_xdp":  # which is not told of tags beside the frame
        outside.write_tags_into_frames(name)


def delete_inside(sandbox: Namespace, interface: str) -> None:
    """Delete a device of the sandbox, if it is there."""
    _delete(sandbox, ifname=interface)


def delete_all_inside(sandbox: Namespace) -> None:
    """Delete all links that were made in the sandbox, at once."""
    _delete(sandbox, group=LINK_GROUP)


def _delete(sandbox: Namespace, **which: object) -> None:
    from pyroute2 import NetlinkError

    try:
        sandbox.route.link("del", **which)
    except NetlinkError as error:
        if int(error.code) != errno.ENODEV:
            raise
