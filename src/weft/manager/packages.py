"""What the manager does with packages that are kept; others are served while it checks one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from weft.manager.called_off import CalledOff

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.manager.stored_packages import StoredPackages
    from weft.model.catalogue import PackageFacts, StorePolicy
    from weft.vnf.source import Source

__all__ = ["Packages"]


class Packages:
    """The part of the manager that keeps packages."""

    _say: Callable[[str], None]

    @property
    def store(self) -> StoredPackages:
        """The packages that are kept on this server."""
        from weft.launcher import functions_folder
        from weft.manager.data import default_data
        from weft.manager.stored_packages import StoredPackages

        return StoredPackages(default_data(), functions_folder(), self._say)

    def open_package(self, reference: str) -> Source:
        """The package that a path or a reference means: a path has a `/` in it, or is there."""
        from weft.vnf.source import open_source

        place = Path(reference)
        if "/" in reference or place.exists():
            return open_source(place)
        return self.store.open(reference)

    async def push_package(self, archive: BinaryIO, called: str) -> PackageFacts:
        """Keep a package; one whose keeping is called off is not kept."""
        watched = CalledOff(archive)
        try:
            return await asyncio.to_thread(self.store.push, watched.stream, called)
        except asyncio.CancelledError:
            watched.now()
            raise

    async def packages(self) -> list[PackageFacts]:
        """What is kept, and what lies ready."""
        return await asyncio.to_thread(self.store.packages)

    async def package(self, reference: str) -> PackageFacts:
        """The newest that is meant."""
        return await asyncio.to_thread(self.store.package, reference)

    async def package_content(self, reference: str) -> BinaryIO:
        """Its archive, as a file."""
        return await asyncio.to_thread(self.store.archive, reference)

    async def remove_package(self, reference: str) -> PackageFacts:
        """Functions that run it have copies of their own."""
        return await asyncio.to_thread(self.store.remove, reference)

    async def package_policy(self) -> StorePolicy:
        """As it is now."""
        return await asyncio.to_thread(self.store.policy)

    async def set_package_policy(
        self,
        require_signature: bool | None = None,
        trust: tuple[tuple[str, bytes], ...] = (),
        distrust: tuple[str, ...] = (),
    ) -> StorePolicy:
        """The policy after the change."""
        return await asyncio.to_thread(self.store.set_policy, require_signature, trust, distrust)
