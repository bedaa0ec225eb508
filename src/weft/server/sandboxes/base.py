"""What a sandbox offers the agent, whatever it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from weft.server.namespaces import Namespace
    from weft.server.rundir import FunctionFolder

__all__ = ["Sandbox"]


class Sandbox(Protocol):
    """One sandbox being started. After `start` it lives on its own."""

    def __init__(self, folder: FunctionFolder, name: str) -> None: ...

    async def open(self, network: Namespace) -> None:
        """Make the sandbox around its network namespace, without the function."""
        ...

    async def start(self) -> None:
        """Start the function in it; StartError where it does not come up."""
        ...

    async def rest(self) -> None:
        """Leave the function to be started later, by an order."""
        ...

    async def cancel(self) -> None:
        """Undo `open` and `start`, however far they came."""
        ...

    def release(self) -> None:
        """Let the running sandbox live on its own."""
        ...
