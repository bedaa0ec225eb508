"""The processes of one function's components: their user ids, their building, what init is told."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.vnf.components import prepare_components
from weft.vnf.frameworks import processes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from weft.model.package import Component, Launch, Package
    from weft.server.rundir import FunctionFolder

__all__ = ["ComponentProcesses"]


class ComponentProcesses:
    """What is known of them, step by step: first user ids, then how each is started.

    `values` are those of the package's parameters. `keys` says which components are meant, and the
    key of each; else all are, under their names.
    """

    def __init__(
        self,
        package: Package,
        values: Mapping[str, str],
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self._package = package
        self._values = dict(values)
        named = processes_of(package)
        self.keys = {item.name: item.name for item in named} if keys is None else dict(keys)
        self._components = tuple(item for item in named if item.name in self.keys)
        self._launches: dict[str, Launch] = {}
        self.uids: dict[str, int] = {}
        """By key."""

    def __len__(self) -> int:
        return len(self._components)

    def give_uids(self, uids: Sequence[int]) -> None:
        """A user id for each."""
        keys = [self.keys[component.name] for component in self._components]
        self.uids = dict(zip(keys, uids, strict=True))

    async def build(self, folder: FunctionFolder, say: Callable[[str], None]) -> None:
        """Prepare them below the function's folder, off the event loop; cancelling ends compilers."""
        from weft.launcher import sdk_folder
        from weft.vnf.building.cache import default_cache
        from weft.vnf.building.tools import Tools

        tools = Tools(sdk_folder(), default_cache(), say, folder.path / "mnt")
        place = folder.path / "components"
        work = asyncio.create_task(
            asyncio.to_thread(
                prepare_components, self._package, place, tools, self._values, self.keys
            )
        )
        try:
            self._launches = await asyncio.shield(work)
        except asyncio.CancelledError:
            tools.end()
            await asyncio.wait([work])
            work.exception()
            raise
        for mount in self._mounts():
            target = Path(mount["target"])
            target.mkdir(parents=True, exist_ok=True)
            target.parent.chmod(0o755)

    def variables(self) -> dict[str, str]:
        """What the graph's elements are told of their components' processes."""
        found = {}
        for component in self._components:
            key = self.keys[component.name]
            found[component.key_name] = key
            found[component.uid_name] = str(self.uids[key])
        return found

    def facts(self) -> dict[str, Any]:
        """What init reads about them, once they are built; see `engine/init`."""
        if not self._launches:
            return {}
        described = [self._describe(component) for component in self._components]
        return {"components": described, "mounts": self._mounts()}

    def _mounts(self) -> list[dict[str, str]]:
        """Each place once; components in one framework share some."""
        found = {
            mount.target: mount.source
            for launch in self._launches.values()
            for mount in launch.mounts
        }
        return [{"source": found[target], "target": target} for target in sorted(found)]

    def _describe(self, component: Component) -> dict[str, Any]:
        launch = self._launches[component.name]
        key = self.keys[component.name]
        uid = self.uids[key]
        return {
            "key": key,
            "name": component.name,
            "program": list(launch.program),
            "environment": dict(launch.environment),
            "directory": launch.directory,
            "uid": uid,
            "gid": uid,
            "cpu": component.resources.cpu,
            "memory_bytes": component.resources.memory_bytes,
            "ready": launch.ready,
            "start_ms": launch.start_ms,
            "loopback": launch.loopback,
            "interfaces": [
                {**asdict(inside), "device": device} for inside, device in launch.interfaces
            ],
        }
