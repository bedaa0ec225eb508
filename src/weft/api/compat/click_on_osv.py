"""Click-on-OSv's interface: `/click_plugin/...` on port 8000, for one Click file.

Answers are JSON, as those of OSv's HTTP server: texts, truth values, and for metrics an object
`{"list": [{"name": ..., "value": ...}], "time_ms": ...}`. Port N of its devices is the interface `portN`.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from weft import __version__
from weft.errors import WeftError
from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from weft.api.compat.listener import CompatAddress
    from weft.client import Client

__all__ = ["ClickOnOsvListener"]

_FUNCTION = "click-on-osv"
_FILE = "func.click"
_LARGEST_BYTES = 2**20
_LOG_LINES = 200
_LINK_BPS = 1e9
_LOOK_S = 0.2


class ClickOnOsvListener:
    """One function: its file, whether it runs, what it uses."""

    port = 8000

    def __init__(self, client: Client, interfaces: Sequence[str]) -> None:
        self._client = client
        self._interfaces = list(interfaces)
        self._content = ""
        self._turn = asyncio.Lock()
        self.ended = asyncio.Event()

    @property
    def application(self) -> ASGIApp:
        """The HTTP interface."""
        gets = {
            "version": self._version,
            "running": self._running,
            "read_file": self._read_file,
            "vnf_identification": self._identification,
            "metrics": self._metrics,
            "log": self._log,
        }
        posts = {"start": self._start, "stop": self._stop, "write_file": self._write_file}
        routes = [
            Route(f"/click_plugin/{name}", act, methods=["GET"]) for name, act in gets.items()
        ]
        routes += [
            Route(f"/click_plugin/{name}", act, methods=["POST"]) for name, act in posts.items()
        ]
        return Starlette(routes=routes)

    async def open(self, address: CompatAddress) -> str:
        """There is no further port."""
        return ""

    async def close(self) -> None:
        """Nothing is open."""

    async def _version(self, _request: Request) -> JSONResponse:
        return JSONResponse(f"weft {__version__}")

    async def _running(self, _request: Request) -> JSONResponse:
        return JSONResponse(await self._runs())

    async def _runs(self) -> bool:
        with contextlib.suppress(WeftError):
            _, status = await self._client.function(_FUNCTION)
            return status.state in (FunctionState.ACTIVE, FunctionState.RESTARTING)
        return False

    async def _read_file(self, _request: Request) -> JSONResponse:
        return JSONResponse(self._content)

    async def _identification(self, _request: Request) -> JSONResponse:
        header = self._client.click_header(self._content)
        return JSONResponse({f"VNF_{name}": value for name, value in header.items()})

    async def _log(self, _request: Request) -> JSONResponse:
        lines = []
        with contextlib.suppress(WeftError):
            from weft.model.log import LogRequest

            found = self._client.log(_FUNCTION, LogRequest(lines=_LOG_LINES))
            lines = [line.text async for line in found]
        return JSONResponse("".join(f"{line}\n" for line in lines))

    async def _metrics(self, _request: Request) -> JSONResponse:
        """Shares in percent: of one processor, the disk, the server's memory, and 1 Gbit/s links."""
        values = await self._shares()
        listed = [{"name": name, "value": round(value, 2)} for name, value in values.items()]
        return JSONResponse({"list": listed, "time_ms": int(time.time() * 1000)})

    async def _shares(self) -> dict[str, float]:
        disk = shutil.disk_usage("/")
        shares = {"cpu": 0.0, "disk": disk.used / disk.total * 100, "memory": 0.0}
        shares |= {"tx": 0.0, "rx": 0.0}
        with contextlib.suppress(WeftError):
            facts, status = await self._client.function(_FUNCTION)
            before = await self._client.look(facts)
            await asyncio.sleep(_LOOK_S)
            after = await self._client.look(facts)
            _, later = await self._client.function(_FUNCTION)
            elapsed_s = after.at_s - before.at_s
            shares["cpu"] = ((later.cpu_s or 0) - (status.cpu_s or 0)) / elapsed_s * 100
            shares["memory"] = (after.memory_bytes or 0) / _memory_bytes() * 100
            for name, way in (("tx", "bytes_out"), ("rx", "bytes_in")):
                moved = _sum(after, way) - _sum(before, way)
                shares[name] = max(moved, 0) * 8 / elapsed_s / _LINK_BPS * 100
        return shares

    async def _start(self, _request: Request) -> JSONResponse:
        """Run the file as it is now; the reason why it cannot is the answer."""
        async with self._turn:
            if await self._runs():
                return JSONResponse(True)
            with tempfile.TemporaryDirectory(prefix="weft-click-on-osv-") as scratch:
                try:
                    file = Path(scratch) / _FILE
                    file.write_text(self._content)
                    made = self._client.package_import(file, Path(scratch) / "made")
                    asked = self._client.prepare(made["package"], _FUNCTION, self._interfaces, {})
                    await self._client.remove(_FUNCTION, missing_ok=True)
                    await self._client.run(asked)
                except WeftError as error:
                    return _refused(error.message)
        return JSONResponse(True)

    async def _stop(self, _request: Request) -> JSONResponse:
        async with self._turn:
            try:
                await self._client.remove(_FUNCTION, missing_ok=True)
            except WeftError as error:
                return _refused(error.message)
        return JSONResponse(True)

    async def _write_file(self, request: Request) -> JSONResponse:
        """`path` and `content`, in the query or as a form; it is run at the next start."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST_BYTES:
                return _refused(f"content: more than {_LARGEST_BYTES} bytes")
        given = dict(request.query_params)
        try:
            form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=16)
        except (UnicodeDecodeError, ValueError):
            return _refused("the body is not a form")
        given |= {name: values[0] for name, values in form.items()}
        if given.get("path", _FILE) != _FILE:
            return _refused(f"path: '{given['path']}' cannot be written; allowed: {_FILE}")
        if "content" not in given:
            return _refused("content: missing; it is the text of the function")
        self._content = given["content"]
        return JSONResponse(True)


def _refused(message: str) -> JSONResponse:
    return JSONResponse({"message": message, "code": 400}, status_code=400)


def _sum(look: Any, way: str) -> int:
    return sum(getattr(item, way) or 0 for item in look.interfaces)


def _memory_bytes() -> int:
    import os

    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
