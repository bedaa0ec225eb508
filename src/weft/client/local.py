"""The management system in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weft.client.files import FileWork
from weft.manager.manager import Manager

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["LocalClient"]


class LocalClient(Manager, FileWork):
    """Manages the functions of this server, without any other process."""

    def __init__(self, say: Callable[[str], None]) -> None:
        from weft.server.local_agent import LocalAgent
        from weft.server.rundir import RunDirectory, default_root

        super().__init__(LocalAgent(RunDirectory(default_root()), say), say)

    def trusted_certificates(self) -> Sequence[Any]:
        """Those of the store of this server."""
        return self.store.trusted()
