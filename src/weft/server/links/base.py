"""What every way of joining an interface offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.server.namespaces import Namespace

__all__ = ["LINK_GROUP", "SANDBOX_MTU", "Join"]

LINK_GROUP = 0x77
"""Kernel's group of the links made in a sandbox: deleting a group takes as long as deleting one link."""

SANDBOX_MTU = 1600
"""MTU of ends inside a sandbox: room for a tagged frame whose outside end has 1500."""


class Join(Protocol):
    """Joins one interface. A join lives as long as the sandbox's end of it."""

    def attach(self, host: Namespace, sandbox: Namespace, interface: str, name: str) -> str:
        """Make the link; `interface` is its name inside, `name` outside. Says what was done.

        The end inside stays down: process 1 brings it up when the network stack there is silent.
        """
        ...

    def settle(self, host: Namespace) -> None:
        """The end inside is up: have the kernel notice it at the outer end now, not in a moment."""
        ...

    def close(self) -> None:
        """Let go of what was opened to make the join; the join itself stays."""
        ...

    def detach(self, host: Namespace, sandbox: Namespace, interface: str) -> None:
        """Undo `attach`; a link that is gone already is no error."""
        ...
