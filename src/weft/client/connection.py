"""HTTP/1.1 to a server, over its unix socket or TLS: one connection a request, nothing kept."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import h11

from weft.errors import UsageError, WeftError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Iterator, Mapping

__all__ = ["Address", "Answer", "address_of", "ask"]

_ALLOWED = "unix:PATH, https://HOST:PORT or none"
_TCP = re.compile(r"https://(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:@\s]+)(?::(?P<port>\d{1,5}))?/?")
_BLOCK_BYTES = 65536
_FILE_BLOCK_BYTES = 2**20
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Address:
    """Where a server listens: `path` of a unix socket, else `host` and `port` with TLS."""

    text: str
    path: str = ""
    host: str = ""
    port: int = 0
    token: str = field(default="", repr=False)
    authority: str = ""
    """A file with the certificates that the server's may stem from; empty: those of the system."""


@dataclass(frozen=True)
class Answer:
    """The head of an answer, and its body as it comes."""

    status: int
    headers: Mapping[str, str]
    pieces: AsyncGenerator[bytes, None]

    async def read(self) -> bytes:
        """All of the body."""
        return b"".join([piece async for piece in self.pieces])


def address_of(text: str) -> Address:
    """What `$WEFT_SERVER` means; UsageError says what is allowed."""
    if text.startswith("unix:") and len(text) > len("unix:"):
        return Address(text, path=text.removeprefix("unix:"))
    match = _TCP.fullmatch(text)
    port = int(match["port"] or 443) if match else 0
    if match is None or not 0 < port < 65536:
        raise UsageError(f"WEFT_SERVER '{text}': not understood; allowed: {_ALLOWED}")
    return Address(
        text,
        host=match["host"].strip("[]"),
        port=port,
        token=_token(),
        authority=os.environ.get("WEFT_CA", ""),
    )


def _token() -> str:
    file = os.environ.get("WEFT_TOKEN_FILE")
    if not file:
        return os.environ.get("WEFT_TOKEN", "")
    try:
        return Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"WEFT_TOKEN_FILE: cannot read '{file}': {error}") from None


@contextlib.asynccontextmanager
async def ask(
    address: Address,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes | BinaryIO = b"",
) -> AsyncGenerator[Answer, None]:
    """Send a request, whose body may be a file; the answer can be read while the body runs."""
    reader, writer = await _connect(address)
    try:
        talk = h11.Connection(h11.CLIENT)
        head = {"Host": address.host or "weft", "User-Agent": "weft", "Connection": "close"}
        if address.token:
            head["Authorization"] = f"Bearer {address.token}"
        if body or method in ("POST", "PUT"):
            head["Content-Length"] = str(_length(body))
        fields = list({**head, **headers}.items())
        request = h11.Request(method=method, target=target, headers=fields)
        try:
            writer.write(talk.send(request) or b"")
            # A server that refuses a body answers before it has read it.
            with contextlib.suppress(ConnectionError):
                for block in _blocks(body):
                    writer.write(talk.send(h11.Data(data=block)) or b"")
                    await writer.drain()
                writer.write(talk.send(h11.EndOfMessage()) or b"")
                await writer.drain()
            event = await _next(talk, reader)
        except (ConnectionError, h11.ProtocolError) as error:
            raise _broken(address, error) from None
        assert isinstance(event, h11.Response)
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        yield Answer(event.status_code, found, _pieces(talk, reader, address))
    finally:
        writer.close()


def _length(body: bytes | BinaryIO) -> int:
    return len(body) if isinstance(body, bytes) else body.seek(0, os.SEEK_END)


def _blocks(body: bytes | BinaryIO) -> Iterator[bytes]:
    """A body, block by block: a large file never lies in memory as a whole."""
    if isinstance(body, bytes):
        yield from [body] if body else []
        return
    body.seek(0)
    while block := body.read(_FILE_BLOCK_BYTES):
        yield block


async def _pieces(
    talk: h11.Connection, reader: asyncio.StreamReader, address: Address
) -> AsyncGenerator[bytes, None]:
    while True:
        try:
            event = await _next(talk, reader)
        except (ConnectionError, h11.ProtocolError) as error:
            raise _broken(address, error) from None
        if isinstance(event, h11.Data):
            yield bytes(event.data)
        else:
            return


async def _next(talk: h11.Connection, reader: asyncio.StreamReader) -> Any:
    while (event := talk.next_event()) is h11.NEED_DATA:
        data = await reader.read(_BLOCK_BYTES)
        if not data and talk.their_state is h11.SEND_RESPONSE:
            raise ConnectionResetError("the connection was closed")
        talk.receive_data(data)
    return event


async def _connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        async with asyncio.timeout(_CONNECT_S):
            if address.path:
                return await asyncio.open_unix_connection(address.path)
            return await asyncio.open_connection(address.host, address.port, ssl=_tls(address))
    except TimeoutError:
        why = f"no answer within {_CONNECT_S:.0f} s"
    except OSError as error:  # errors of TLS and of names are such, too
        why = error.strerror or str(error)
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            why = "its certificate is not trusted; WEFT_CA=FILE names what is"
    raise WeftError(
        f"cannot reach the server at '{address.text}': {why}",
        hint="start it with `weft serve`, or set WEFT_SERVER=none to do without",
    )


def _tls(address: Address) -> ssl.SSLContext:
    import ssl

    try:
        return ssl.create_default_context(cafile=address.authority or None)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or error
        raise UsageError(f"WEFT_CA: cannot use '{address.authority}': {why}") from None


def _broken(address: Address, error: Exception) -> WeftError:
    return WeftError(
        f"the server at '{address.text}' broke off: {error}",
        hint="what was asked for may be done all the same; look with `weft ps`",
    )
