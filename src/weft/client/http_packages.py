"""The packages that a running server keeps, over its REST."""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, urlencode

from weft.client.asking import JSON, Asker, waited
from weft.client.decoding import decode
from weft.model.catalogue import PackageFacts, StorePolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.vnf.source import Source

__all__ = ["PackagesOverHttp", "is_here"]

_ZIP = "application/zip"


def is_here(reference: str) -> bool:
    """Whether a package is a file or folder here, and not a name that the server knows."""
    return "/" in reference or Path(reference).exists()


class PackagesOverHttp(Asker):
    """The part of a client that knows packages."""

    def open_package(self, reference: str) -> Source:
        """A package here, or one that the server keeps."""
        from weft.manager.stored_packages import refuse_unrunnable
        from weft.vnf.source import open_source, read_archive

        if is_here(reference):
            return open_source(Path(reference))
        refuse_unrunnable(waited(self.package(reference)))
        with waited(self.package_content(reference)) as archive:
            return read_archive(archive, reference)

    def trusted_certificates(self) -> Sequence[Any]:
        """Those of the store of the server."""
        from weft.vnf.csar.certificates import read_certificates

        policy = waited(self.package_policy())
        return [found for one in policy.trusted for found in read_certificates(one.pem.encode())]

    async def push_package(self, archive: BinaryIO, called: str) -> PackageFacts:
        """Keep a package."""
        target = f"/packages?{urlencode({'called': called})}"
        return decode(PackageFacts, await self._operation("POST", target, archive, _ZIP))

    async def packages(self) -> list[PackageFacts]:
        """What is kept, and what lies ready."""
        return [decode(PackageFacts, item) for item in await self._get("/packages")]

    async def package(self, reference: str) -> PackageFacts:
        """The newest that is meant."""
        return decode(PackageFacts, await self._get(_target(reference)))

    async def package_content(self, reference: str) -> BinaryIO:
        """Its archive, as a file that goes when it is closed."""
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile())
            async with self._ask("GET", f"{_target(reference)}/content", accept=_ZIP) as answer:
                async for piece in answer.pieces:
                    file.write(piece)
            file.seek(0)
            stack.pop_all()
            return file

    async def remove_package(self, reference: str) -> PackageFacts:
        """Keep one version no longer."""
        async with self._ask("DELETE", _target(reference)) as answer:
            return decode(PackageFacts, json.loads(await answer.read()))

    async def package_policy(self) -> StorePolicy:
        """As it is now."""
        return decode(StorePolicy, await self._get("/package-policy"))

    async def set_package_policy(
        self,
        require_signature: bool | None = None,
        trust: tuple[tuple[str, bytes], ...] = (),
        distrust: tuple[str, ...] = (),
    ) -> StorePolicy:
        """The policy after the change."""
        asked = {
            "require_signature": require_signature,
            "trust": [
                {"name": name, "content": base64.b64encode(content).decode()}
                for name, content in trust
            ],
            "distrust": list(distrust),
        }
        body = json.dumps(asked).encode()
        async with self._ask("PUT", "/package-policy", body, JSON) as answer:
            return decode(StorePolicy, json.loads(await answer.read()))


def _target(reference: str) -> str:
    name, at, version = reference.partition("@")
    return f"/packages/{quote(name, safe='')}/{quote(version if at else 'latest', safe='')}"
