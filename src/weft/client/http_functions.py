"""Functions of a running server, over its REST: what it says and refuses is as in this process."""

from __future__ import annotations

import base64
import json
import os
import tempfile
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from weft.client.asking import BYTES, JSON, NDJSON, TEXT, Asker, function_path, lines_of, waited
from weft.client.decoding import decode
from weft.client.http_packages import is_here
from weft.errors import FunctionNotFoundError
from weft.model.function import FunctionFacts, FunctionStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from weft.model.change import ChangePlan, Edit
    from weft.model.check import FunctionCheck
    from weft.model.function import FunctionRequest
    from weft.model.handler import HandlerFacts
    from weft.model.host import HostFacts
    from weft.model.log import LogLine, LogRequest
    from weft.model.look import Look
    from weft.model.package import PackageFile
    from weft.model.revision import FunctionText, Revision
    from weft.model.trace import TraceRequest

__all__ = ["FunctionsOverHttp"]

_PAGE = 1000


class FunctionsOverHttp(Asker):
    """The part of a client that deploys, manages and looks at functions."""

    async def run(self, request: FunctionRequest) -> FunctionFacts:
        """Deploy the function; its package goes along."""
        drivers = {item.interface: "af_packet" for item in request.bindings}
        asked = {
            "uuid": str(request.uuid),
            "name": request.name,
            "interfaces": {item.interface: str(item) for item in request.bindings},
            "values": dict(request.values),
            "drivers": drivers | dict(request.drivers),
            "active": request.active,
        }
        name, content = _packed(request.package.name, request.package.files)
        body, media_type = _multipart(asked, name, content)
        return decode(FunctionFacts, await self._operation("POST", "/functions", body, media_type))

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function."""
        return await self._pages({})

    async def function(self, name: str) -> tuple[FunctionFacts, FunctionStatus]:
        """One function."""
        return _function(await self._get(function_path(name)))

    async def start(self, name: str) -> None:
        """Start the processing again."""
        await self._do("POST", function_path(name, "start"))

    async def stop(self, name: str) -> None:
        """End the processing."""
        await self._do("POST", function_path(name, "stop"))

    async def restart(self, name: str) -> None:
        """End the processing and start it again."""
        await self._do("POST", function_path(name, "restart"))

    async def selected(self, selector: str) -> list[FunctionFacts]:
        """The functions a name or a glob means."""
        found = await self._pages({"selector": selector})
        return sorted((facts for facts, _ in found), key=lambda facts: facts.name)

    async def _pages(self, wanted: Mapping[str, str]) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """The functions that are wanted, page by page."""
        found: list[tuple[FunctionFacts, FunctionStatus]] = []
        target = f"/functions?{urlencode({**wanted, 'limit': _PAGE})}"
        while target:
            async with self._ask("GET", target) as answer:
                found += [_function(item) for item in json.loads(await answer.read())]
                target = _next_page(answer.headers.get("link", ""))
        return found

    async def reconfigure(
        self,
        facts: FunctionFacts,
        package: str | None,
        edit: Edit,
        settings: Mapping[str, str],
        *,
        dry_run: bool = False,
        cause: str = "reconfigure",
    ) -> ChangePlan:
        """Change a running function; a package that is here goes along."""
        asked: dict[str, Any] = {
            "path": edit.path,
            "added": [
                {"name": one.name, "framework": one.framework, "file": _file(one.file)}
                for one in edit.added
            ],
            "removed": list(edit.removed),
            "replaced": [
                {"name": one.name, "framework": one.framework, "file": _file(one.file)}
                for one in edit.replaced
            ],
            "values": dict(settings),
            "dry_run": dry_run,
            "cause": cause,
        }
        target = function_path(str(facts.uuid), "reconfigure")
        if package is not None and not is_here(package):
            asked["package"] = package
        if package is None or not is_here(package):
            return await self._change("POST", target, json.dumps(asked).encode(), JSON)
        name, content = _package_at(package)
        return await self._change("POST", target, *_multipart(asked, name, content))

    async def configure(
        self,
        facts: FunctionFacts,
        values: Mapping[str, str],
        given: Sequence[PackageFile] = (),
        *,
        dry_run: bool = False,
    ) -> ChangePlan:
        """Set parameters; files for them go along."""
        asked = {
            "values": dict(values),
            "files": [_file(file) for file in given],
            "dry_run": dry_run,
        }
        target = function_path(str(facts.uuid), "values")
        return await self._change("PUT", target, json.dumps(asked).encode(), JSON)

    async def text(self, name: str) -> FunctionText:
        """The texts of the package that it runs."""
        from weft.model.revision import FunctionText

        return decode(FunctionText, await self._get(function_path(name, "text")))

    async def revisions(self, name: str) -> list[Revision]:
        """All that are kept."""
        from weft.model.revision import Revision

        return [
            decode(Revision, item) for item in await self._get(function_path(name, "revisions"))
        ]

    async def restore(
        self, name: str, number: int | None = None, *, dry_run: bool = False
    ) -> ChangePlan:
        """A change to what the revision was."""
        ways = ("undo",) if number is None else ("revisions", str(number), "restore")
        query = "?dry_run=true" if dry_run else ""
        return await self._change("POST", function_path(name, *ways) + query)

    async def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """Remove the function."""
        try:
            await self._do("DELETE", function_path(name))
        except FunctionNotFoundError:
            if not missing_ok:
                raise

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look:
        """Look at a function once."""
        from weft.model.look import Look

        asked = {"values": "true"} if values else {}
        if byte_lease_s > 0:
            asked["byte_lease_s"] = f"{byte_lease_s:.3f}"
        query = f"?{urlencode(asked)}" if asked else ""
        return decode(Look, await self._get(function_path(str(facts.uuid), "look") + query))

    def bottleneck(self, facts: FunctionFacts, before: Look, after: Look) -> str:
        """From two looks at it."""
        from weft.vnf.bottleneck import bottleneck

        return bottleneck(before, after, facts.frameworks)

    async def read(self, name: str, handler: str, parameters: str = "") -> bytes:
        """Read a handler of the running graph."""
        target = function_path(name, "handlers", handler)
        if parameters:
            target += f"?{urlencode({'parameters': parameters})}"
        async with self._ask("GET", target, accept=BYTES) as answer:
            return await answer.read()

    async def write(self, name: str, handler: str, value: str) -> None:
        """Write a handler of the running graph."""
        content = value.encode("utf-8", errors="surrogateescape")
        await self._do("PUT", function_path(name, "handlers", handler), content, TEXT)

    async def handlers(self, name: str, element: str = "") -> list[HandlerFacts]:
        """The handlers that elements and components declare."""
        from weft.model.handler import HandlerFacts

        query = f"?{urlencode({'element': element})}" if element else ""
        found = await self._get(function_path(name, "handlers") + query)
        return [decode(HandlerFacts, item) for item in found]

    async def call(self, name: str, handler: str, argument: str = "") -> bytes:
        """Call a command of the running graph."""
        content = argument.encode("utf-8", errors="surrogateescape")
        target = function_path(name, "handlers", handler)
        async with self._ask("POST", target, content, TEXT, accept=BYTES) as answer:
            return await answer.read()

    async def check(self, name: str, timeout_s: float = 2.0) -> FunctionCheck:
        """Ask all parts of a function at once."""
        from weft.model.check import FunctionCheck

        target = f"{function_path(name, 'check')}?{urlencode({'timeout_s': timeout_s})}"
        return decode(FunctionCheck, await self._get(target))

    async def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets; leaving ends the trace."""
        from dataclasses import asdict

        body = json.dumps(asdict(request)).encode()
        async with (
            self._ask("POST", function_path(name, "trace"), body, JSON, accept=NDJSON) as answer,
            aclosing(lines_of(answer)) as lines,
        ):
            async for line in lines:
                yield line

    async def graph(self, name: str) -> str:
        """The graph as it is now."""
        async with self._ask("GET", function_path(name, "graph"), accept=TEXT) as answer:
            return (await answer.read()).decode("utf-8", errors="surrogateescape")

    async def log(self, name: str, request: LogRequest) -> AsyncGenerator[LogLine, None]:
        """The log, and what comes while it is followed."""
        from weft.model.log import LogLine

        wanted = {"follow": "true" if request.follow else "false"}
        if request.lines is not None:
            wanted["lines"] = str(request.lines)
        if request.since_s is not None:
            wanted["since"] = repr(request.since_s)
        if request.sources:
            wanted["sources"] = ",".join(request.sources)
        target = f"{function_path(name, 'log')}?{urlencode(wanted)}"
        async with (
            self._ask("GET", target, accept=NDJSON) as answer,
            aclosing(lines_of(answer)) as lines,
        ):
            async for line in lines:
                yield decode(LogLine, line)

    async def wait_gone(self, facts: FunctionFacts) -> None:
        """Return when the function has ended: its log ends with it."""
        from weft.model.log import LogRequest

        async with aclosing(self.log(str(facts.uuid), LogRequest(0, follow=True))) as lines:
            async for _ in lines:
                pass

    def facts(self) -> list[dict[str, str]]:
        """What the server has and lacks."""
        found: list[dict[str, str]] = waited(self._get("/server/checks"))
        return found

    def host(self) -> HostFacts:
        """How the server is just now."""
        from weft.model.host import HostFacts

        return decode(HostFacts, waited(self._get("/server")))

    def kernel_log(self, lines: int) -> list[str]:
        """The last lines its kernel has said."""
        told = waited(self._get(f"/server/kernel-log?lines={lines}"))
        return list(told["lines"])

    async def _change(
        self, method: str, target: str, body: bytes = b"", media_type: str = ""
    ) -> ChangePlan:
        from weft.model.change import ChangePlan

        return decode(ChangePlan, await self._operation(method, target, body, media_type))


def _function(data: dict[str, Any]) -> tuple[FunctionFacts, FunctionStatus]:
    return decode(FunctionFacts, data), decode(FunctionStatus, data["status"])


def _next_page(link: str) -> str:
    target, _, relation = link.partition(">;")
    return target.lstrip("<").removeprefix("/v1") if 'rel="next"' in relation else ""


def _file(file: PackageFile) -> dict[str, str]:
    return {"name": file.name, "content": base64.b64encode(file.content).decode()}


def _packed(name: str, files: tuple[PackageFile, ...]) -> tuple[str, bytes]:
    """The files of a package as a zip; a Click file on its own as it is."""
    from weft.model.package import MANIFEST
    from weft.vnf.archive import write_zip

    if len(files) == 1 and files[0].name != MANIFEST:
        return files[0].name, files[0].content
    with tempfile.TemporaryDirectory(prefix="weft-") as folder:
        path = Path(folder) / "package.zip"
        write_zip(path, files)
        return f"{name}.zip", path.read_bytes()


def _package_at(path: str) -> tuple[str, bytes]:
    """A package that is here, as it is to be sent."""
    from weft.vnf.source import read_files

    files = read_files(Path(path))
    return _packed(Path(path).name, files)


def _multipart(asked: Mapping[str, Any], name: str, content: bytes) -> tuple[bytes, str]:
    """A body with the request and the package, and its media type."""
    boundary = f"weft-{os.urandom(16).hex()}"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="request"\r\n'
        f"Content-Type: {JSON}\r\n\r\n{json.dumps(asked)}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="package"; filename="{name}"\r\n'
        f"Content-Type: {BYTES}\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
