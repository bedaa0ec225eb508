"""The client of Click's ControlSocket, protocol 1.3, over a unix or TCP socket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from weft.errors import HandlerError, NotRunningError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ControlSocket"]

_BANNER = b"Click::ControlSocket/1."
_OK = (200, 220)
_NOT_THERE = (HandlerError.NO_ELEMENT, HandlerError.NO_HANDLER, HandlerError.NO_PERMISSION)
_LINE_LIMIT_BYTES = 2**20
_DATA_LIMIT_BYTES = 2**30


class ControlSocket:
    """One connection; its requests are answered in order, one at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def connect_unix(cls, path: str, timeout_s: float = 5.0) -> Self:
        """Connect to a unix socket."""
        return await cls._connect(
            asyncio.open_unix_connection(path, limit=_LINE_LIMIT_BYTES), path, timeout_s
        )

    @classmethod
    async def connect_tcp(cls, host: str, port: int, timeout_s: float = 5.0) -> Self:
        """Connect to a TCP port."""
        return await cls._connect(
            asyncio.open_connection(host, port, limit=_LINE_LIMIT_BYTES),
            f"{host}:{port}",
            timeout_s,
        )

    @classmethod
    async def _connect(
        cls,
        opening: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] | object,
        place: str,
        timeout_s: float,
    ) -> Self:
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await opening  # type: ignore[misc]
                banner: bytes = await reader.readline()
        except (OSError, TimeoutError, ValueError) as error:
            if writer is not None:
                writer.close()
            raise NotRunningError(f"no engine answers at {place}: {_reason(error)}") from None
        if not banner.startswith(_BANNER):
            writer.close()
            raise NotRunningError(f"no ControlSocket at {place}: it says {banner[:60]!r}")
        return cls(reader, writer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def read(self, handler: str, parameters: str = "") -> bytes:
        """The value of a read handler; with `parameters`, what it answers to them."""
        if "\n" in parameters or "\r" in parameters:
            data = _bytes(parameters)
            return await self._request(f"READDATA {handler} {len(data)}", data, wants_data=True)
        request = f"READ {handler} {parameters}" if parameters else f"READ {handler}"
        return await self._request(request, wants_data=True)

    async def read_each(self, handlers: Sequence[str]) -> list[bytes | HandlerError]:
        """The values of several read handlers, asked for at once; of each its value or its error."""
        for handler in handlers:
            _check_line(handler)
        answers: list[bytes | HandlerError] = []
        async with self._turn:
            try:
                self._writer.write(_bytes("".join(f"READ {name}\r\n" for name in handlers)))
                await self._writer.drain()
                for _ in handlers:
                    code, message = await self._reply()
                    answers.append(
                        await self._data() if code in _OK else HandlerError(code, message)
                    )
            except (OSError, EOFError, ValueError) as error:
                raise NotRunningError(f"the engine hung up: {_reason(error)}") from None
        return answers

    async def write(self, handler: str, value: bytes | str = b"") -> None:
        """Write a value to a handler."""
        data = _bytes(value) if isinstance(value, str) else value
        await self._request(f"WRITEDATA {handler} {len(data)}", data)

    async def call(self, handler: str, argument: str = "") -> bytes:
        """Call a command; its result."""
        data = _bytes(argument)
        try:
            return await self._request(f"READDATA {handler} {len(data)}", data, wants_data=True)
        except HandlerError as error:
            _, _, reason = error.message.partition("\n")
            if reason:
                raise HandlerError(error.code, f"command '{handler}': {reason}") from None
            raise

    async def can_read(self, handler: str) -> bool:
        """Whether the handler is there and readable."""
        return await self._check(f"CHECKREAD {handler}")

    async def can_write(self, handler: str) -> bool:
        """Whether the handler is there and writable."""
        return await self._check(f"CHECKWRITE {handler}")

    async def _check(self, request: str) -> bool:
        try:
            await self._request(request)
        except HandlerError as error:
            if error.code in _NOT_THERE:
                return False
            raise
        return True

    async def _request(self, line: str, data: bytes = b"", *, wants_data: bool = False) -> bytes:
        _check_line(line)
        async with self._turn:
            try:
                self._writer.write(_bytes(line) + b"\r\n" + data)
                await self._writer.drain()
                code, message = await self._reply()
                if code not in _OK:
                    raise HandlerError(code, message)
                return await self._data() if wants_data else b""
            except (OSError, EOFError, ValueError) as error:
                raise NotRunningError(f"the engine hung up: {_reason(error)}") from None

    async def _reply(self) -> tuple[int, str]:
        """Status code and text; `NNN-text` lines go on, `NNN text` is the last."""
        lines: list[str] = []
        while True:
            raw = await self._reader.readline()
            if not raw.endswith(b"\n"):
                raise EOFError("in the middle of a reply")
            line = raw.decode(errors="replace").rstrip("\r\n")
            if len(line) < 4 or not line[:3].isdigit() or line[3] not in " -":
                raise ValueError(f"not a reply: {line[:60]!r}")
            lines.append(line[4:])
            if line[3] == " ":
                return int(line[:3]), "\n".join(lines)

    async def _data(self) -> bytes:
        line = (await self._reader.readline()).decode(errors="replace").split()
        if len(line) != 2 or line[0] != "DATA" or not line[1].isdigit():
            raise ValueError(f"not a DATA line: {' '.join(line)[:60]!r}")
        length = int(line[1])
        if length > _DATA_LIMIT_BYTES:
            raise ValueError(f"{length} bytes of data announced")
        return await self._reader.readexactly(length)


def _bytes(text: str) -> bytes:
    """A text as it came, be it one or not."""
    return text.encode("utf-8", errors="surrogateescape")


def _check_line(line: str) -> None:
    if "\n" in line or "\r" in line or "\0" in line:
        raise HandlerError(HandlerError.NO_HANDLER, f"{line.split()[-1]!r} cannot name a handler")


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
