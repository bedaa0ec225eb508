"""COVEN's platform: one function that is uploaded, installed, configured, started and stopped, by codes."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import BindingError, CovenError, PackageError, WeftError
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from weft.client import Client

__all__ = ["CODES", "CovenPlatform"]

CODES = {
    "done": "0",
    "running": "-1",
    "configured": "-2",
    "YAML": "-3",
    "PPS": "-4",
    "VNS": "-5",
    "NSHP": "-6",
    "MA": "-7",
    "write": "-8",
    "absent": "-9",
}
"""COVEN's answers: `running` is also "does not run", `configured` also "is not configured"."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_FOLDER = re.compile(rb"NFPackages/([A-Za-z0-9_.-]+)/")
_FUNCTION = "coven"
_MOST_PACKAGES = 64
_MOST_BYTES = 256 * 2**20


class CovenPlatform:
    """Each operation answers with one of `CODES`; nothing is written outside a folder of its own."""

    def __init__(self, client: Client, interfaces: Sequence[str]) -> None:
        self._client = client
        self._interfaces = list(interfaces)
        self._turn = asyncio.Lock()
        self._uploaded: dict[str, bytes] = {}
        self._installed: dict[str, bytes] = {}
        self.is_configured = False
        self.has_ended = asyncio.Event()

    @property
    def installed(self) -> list[str]:
        """The names of the packages that can be configured."""
        return list(self._installed)

    async def is_on(self) -> bool:
        """Whether the function processes packets."""
        try:
            _, status = await self._client.function(_FUNCTION)
        except WeftError:
            self.is_configured = False
            return False
        return status.state in (FunctionState.ACTIVE, FunctionState.RESTARTING)

    def package(self, name: str, content: bytes) -> str:
        """Take an archive under a name."""
        others = [item for other, item in self._uploaded.items() if other != name]
        size = len(content) + sum(map(len, others))
        if not _NAME.fullmatch(name) or len(others) >= _MOST_PACKAGES or size > _MOST_BYTES:
            return CODES["write"]
        self._uploaded[name] = content
        return CODES["done"]

    def install(self, name: str) -> str:
        """Have an archive ready to be configured; one that is not sound is refused."""
        if name not in self._uploaded:
            return CODES["absent"]
        try:
            self._client.archive_members(self._uploaded[name], f"{name}.coven")
        except PackageError:
            return CODES["write"]
        self._installed.pop(_plain(name), None)
        self._installed[_plain(name)] = self._uploaded[name]
        return CODES["done"]

    def setup(self, name: str, content: bytes) -> str:
        """Take an archive and have it ready."""
        code = self.package(name, content)
        return code if code != CODES["done"] else self.install(name)

    def configuration(self, name: str) -> bytes | None:
        """The configuration that an installed package has of itself."""
        content = self._installed.get(_plain(name))
        if content is None:
            return None
        return self._client.archive_members(content, name).get("Scripts/install.yaml")

    async def configure(self, install: bytes) -> str:
        """Make the function ready that a configuration describes; it is not started."""
        async with self._turn:
            if await self.is_on():
                return CODES["running"]
            if self.is_configured:
                return CODES["configured"]
            return await self._configure(install)

    async def _configure(self, install: bytes) -> str:
        named = _FOLDER.search(install)
        name = named[1].decode() if named else next(reversed(self._installed), "")
        if name not in self._installed:
            return CODES["PPS"]
        scratch = Path(tempfile.mkdtemp(prefix="weft-coven-"))
        try:
            archive = scratch / f"{name}.coven"
            archive.write_bytes(self._installed[name])
            made = self._client.package_import(archive, scratch / _FUNCTION, install)
            joins = [*self._interfaces, *self._defaults(made["interfaces"])]
            request = self._client.prepare(made["package"], _FUNCTION, joins, {}, active=False)
            await self._client.run(request)
        except CovenError as error:
            return CODES[error.part]
        except PackageError:
            return CODES["PPS"]
        except BindingError:
            return CODES["VNS"]
        except WeftError:
            return CODES["PPS"]
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        self.is_configured = True
        return CODES["done"]

    def _defaults(self, interfaces: Sequence[str]) -> list[str]:
        """COVEN's interfaces are the server's own devices, unless they are joined otherwise."""
        given = {text.partition("=")[0] for text in self._interfaces}
        return [f"{name}={name}" for name in interfaces if name not in given]

    async def start(self) -> str:
        """Start the configured function."""
        async with self._turn:
            if await self.is_on():
                return CODES["running"]
            if not self.is_configured:
                return CODES["configured"]
            return await _code(self._client.start(_FUNCTION))

    async def launch(self, install: bytes) -> str:
        """Configure a function and start it."""
        code = await self.configure(install)
        return code if code != CODES["done"] else await self.start()

    async def stop(self) -> str:
        """Stop the function; it stays configured."""
        async with self._turn:
            if not await self.is_on():
                return CODES["running"]
            return await _code(self._client.stop(_FUNCTION))

    async def reset(self) -> str:
        """Forget the configuration of a function that does not run."""
        async with self._turn:
            if await self.is_on():
                return CODES["running"]
            if not self.is_configured:
                return CODES["configured"]
            return await self._remove()

    async def off(self) -> str:
        """End the platform: its listeners are closed, its function is removed."""
        async with self._turn:
            if await self.is_on():
                return CODES["running"]
            code = await self._remove()
            if code == CODES["done"]:
                self.has_ended.set()
            return code

    async def _remove(self) -> str:
        code = await _code(self._client.remove(_FUNCTION, missing_ok=True))
        self.is_configured = self.is_configured and code != CODES["done"]
        return code


async def _code(work: Awaitable[None]) -> str:
    """How something ends that is done to the function."""
    try:
        await work
    except WeftError:
        return CODES["PPS"]
    return CODES["done"]


def _plain(name: str) -> str:
    """The name without an ending, as COVEN's folders have it."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
