"""COVEN's TCP interface: a request a connection, `operation|argument`, answered `200|...` or `400|...`."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from weft.api.compat.coven import CovenAgent
    from weft.api.compat.platform import CovenPlatform

__all__ = ["CovenSocket"]

_FIRST_BYTES = 1024
_LARGEST_BYTES = 64 * 2**20
_PATIENCE_S = 30.0
_UPLOAD = re.compile(rb"(package|setup)\|([^|]*)\|(\d{1,9})(.*)", re.DOTALL)
_DONE = "200|SUCCESFULLY EXECUTED THE {} OPERATION"
_FAILED = "400|AN ERROR OCCURRED DURING THE {} OPERATION ({})"


class CovenSocket:
    """Answers the connections of COVEN's tools."""

    def __init__(self, platform: CovenPlatform, agent: CovenAgent) -> None:
        self._platform = platform
        self._agent = agent

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: its request, the answer, the end. What is asked for takes its time."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                first = await reader.read(_FIRST_BYTES)
            if first:
                writer.write((await self._answer(first, reader)).encode())
                async with asyncio.timeout(_PATIENCE_S):
                    await writer.drain()
        except (OSError, TimeoutError):
            pass
        finally:
            writer.close()

    async def _answer(self, first: bytes, reader: asyncio.StreamReader) -> str:
        word = first.partition(b"|")[0]
        if word in (b"package", b"setup"):
            return await self._upload(first, reader)
        try:
            words = first.decode().split("|")
        except UnicodeDecodeError:
            return "400|AN ERROR OCCURRED DURING THE REQUEST"
        operation = words[0]
        if operation == "install":
            return self._install(words)
        if operation == "configure":
            return await self._configure(words)
        if operation == "request":
            return await self._request(words)
        if operation == "close" and len(words) == 1:
            self._platform.has_ended.set()
            return "200|SUCCESFULLY EXECUTED THE CLOSING OPERATION"
        return await self._simple(words)

    async def _simple(self, words: list[str]) -> str:
        """What takes no argument; for what is not known COVEN says nothing."""
        platform, agent = self._platform, self._agent
        acts: dict[str, Callable[[], Awaitable[str]]] = {
            "start": platform.start,
            "stop": platform.stop,
            "reset": platform.reset,
            "off": platform.off,
            "status": self._status,
            "list": agent.list_all,
            "check": agent.check,
        }
        if len(words) > 1 or words[0] not in acts:
            return ""
        return f"200|{await acts[words[0]]()}"

    async def _status(self) -> str:
        return "On" if await self._platform.is_on() else "Off"

    async def _upload(self, first: bytes, reader: asyncio.StreamReader) -> str:
        """An archive: its name and size, and its bytes behind them, at once or later."""
        match = _UPLOAD.fullmatch(first)
        operation = first.partition(b"|")[0].decode().upper()
        if match is None:
            reason = "Invalid arguments" if first.count(b"|") != 2 else "Ivalid digit"
            return _FAILED.format(operation, reason)
        size, content = int(match[3]), bytearray(match[4])
        if size > _LARGEST_BYTES:
            return _FAILED.format(operation, f"more than {_LARGEST_BYTES} bytes")
        async with asyncio.timeout(_PATIENCE_S):
            while len(content) < size:
                piece = await reader.read(min(65536, size - len(content)))
                if not piece:
                    return _FAILED.format(operation, f"{len(content)} of {size} bytes came")
                content += piece
        name = match[2].decode(errors="replace")
        code = self._platform.package(name, bytes(content[:size]))
        if code != "0":
            return _FAILED.format("PACKAGE", "Ivalid name")
        if operation == "PACKAGE":
            return _DONE.format(operation)
        return self._install(["install", name])

    def _install(self, words: list[str]) -> str:
        if len(words) != 2:
            return _FAILED.format("INSTALL", "Invalid arguments")
        code = self._platform.install(words[1])
        if code == "-9":
            return _FAILED.format("INSTALL", "Ivalid package")
        if code != "0":
            return _FAILED.format("INSTALL", "not an archive that is safe to unpack")
        return _DONE.format("INSTALL")

    async def _configure(self, words: list[str]) -> str:
        if len(words) != 2:
            return _FAILED.format("CONFIGURE", "Invalid arguments")
        configuration = self._platform.configuration(words[1])
        if configuration is None:
            return _FAILED.format("CONFIGURE", "Ivalid package")
        return f"200|{await self._platform.configure(configuration)}"

    async def _request(self, words: list[str]) -> str:
        """The fourth word is data for the request, which extended agents do not take."""
        if len(words) != 4:
            return _FAILED.format("REQUEST", "Invalid arguments")
        return f"200|{await self._agent.request(words[1], words[2])}"
