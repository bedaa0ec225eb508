"""COVEN's interfaces: HTTP, on port 6667 as a rule, and a TCP socket on the next port.

Paths, codes and texts are those of COVEN's configuration and management agents
(https://github.com/ViniGarcia/COVEN), its spelling included: tools compare them.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from weft.api.compat.coven_socket import CovenSocket
from weft.api.compat.platform import CODES, CovenPlatform
from weft.api.listening import NetworkAddress, open_network
from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from weft.api.compat.listener import CompatAddress
    from weft.client import Client

__all__ = ["CovenAgent", "CovenListener"]

_FUNCTION = "coven"
_OPERATIONS = (
    ("list", "show this"),
    ("check", "check the components in and out connections"),
    ("request [file] [request]", "ask for the component of [file] for the data of [request]"),
)
_LARGEST_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class _Part:
    """A component as COVEN knows it: the name of its file, its ports, its requests."""

    name: str
    file: str
    ports: tuple[str, ...]
    requests: tuple[str, ...]


class CovenAgent:
    """COVEN's management agent (MA): what components answer, as texts."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list_all(self) -> str:
        """The operations there are, and the requests of each component."""
        lines = ["", "---- AVAILABLE OPERATIONS ----", ""]
        lines += [f"{name}: {about}" for name, about in _OPERATIONS]
        lines += ["", "---- AVAILABLE REQUESTS ----", ""]
        for part in await self._parts():
            if part.requests:
                lines.append(f" -> [file]: {part.file}")
                lines += [f"  - [request]: {request}" for request in part.requests]
                lines.append("")
        return "\n".join([*lines, "--------------------------------", ""])

    async def check(self) -> str:
        """Whether each component answers, told by its ports."""
        lines = ["", "---- CHECK SUMMARY ----", ""]
        answers = await self._answers()
        for part in await self._parts():
            word = "success" if answers.get(part.name) else "failure"
            lines.append(f"-> {part.file}")
            lines += [f"  - {port}: {word}" for port in part.ports]
            lines.append("")
        return "\n".join([*lines, "-----------------------"])

    async def request(self, file: str, request: str) -> str:
        """What a component's extended agent answers."""
        part = next((item for item in await self._parts() if item.file == file), None)
        if part is None or not part.requests:
            return "ERROR: INVALID FILE!!"
        if request not in part.requests:
            return "ERROR: INVALID REQUEST!!"
        try:
            answer = await self._client.read(_FUNCTION, f"{part.name}.{request}")
        except WeftError:
            return "ERROR: THE EXTEND AGENT DID NOT ANSWER!!"
        return answer.decode(errors="replace")

    async def _answers(self) -> dict[str, bool]:
        with contextlib.suppress(WeftError):
            checked = await self._client.check(_FUNCTION)
            return {item.name: bool(item.alive) for item in checked.parts}
        return {}

    async def _parts(self) -> list[_Part]:
        """The components of the function, from what its package says of them."""
        with contextlib.suppress(WeftError):
            text = await self._client.text(_FUNCTION)
            return [_part(item.name, item.file, item.options) for item in text.components]
        return []


def _part(name: str, file: str, options: dict[str, tuple[str, ...]]) -> _Part:
    ports = tuple(port for key in ("input", "output") for port in options.get(key, ()))
    requests = tuple(text.partition("=")[0] for text in options.get("requests", ()))
    return _Part(name, file.rpartition("/")[2] or name, ports, requests)


class CovenListener:
    """COVEN's platform on two ports."""

    port = 6667

    def __init__(self, client: Client, interfaces: Sequence[str]) -> None:
        self.platform = CovenPlatform(client, interfaces)
        self.agent = CovenAgent(client)
        self._server: asyncio.Server | None = None

    @property
    def ended(self) -> asyncio.Event:
        """Set when a tool has turned the platform off."""
        return self.platform.has_ended

    @property
    def application(self) -> ASGIApp:
        """The HTTP interface."""
        platform = self.platform
        posts: dict[str, Any] = {
            "/package/{name}/": lambda name, body: _now(platform.package(name, body)),
            "/install/{name}/": lambda name, _body: _now(platform.install(name)),
            "/setup/{name}/": lambda name, body: _now(platform.setup(name, body)),
            "/configure/": lambda _name, body: platform.configure(body),
            "/start/": lambda _name, _body: platform.start(),
            "/launch/": lambda _name, body: platform.launch(body),
            "/stop/": lambda _name, _body: platform.stop(),
            "/reset/": lambda _name, _body: platform.reset(),
            "/off/": lambda _name, _body: platform.off(),
        }
        routes = [Route("/status/", self._status, methods=["GET"])]
        routes += [Route(path, _answered(act), methods=["POST"]) for path, act in posts.items()]
        routes += [
            Route("/ma/list", self._list, methods=["GET"]),
            Route("/ma/check", self._check, methods=["GET"]),
            Route("/ma/request/{file}/{request}", self._request, methods=["GET"]),
        ]
        application = Starlette(routes=routes)
        application.router.redirect_slashes = False
        return application

    async def open(self, address: CompatAddress) -> str:
        """Listen on the port after that of HTTP, for the TCP interface."""
        port = address.port + 1 if address.port else 0
        sock = open_network(NetworkAddress(address.host, port))
        answering = CovenSocket(self.platform, self.agent)
        self._server = await asyncio.start_server(answering.serve, sock=sock)
        return f", TCP port {sock.getsockname()[1]}"

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _status(self, _request: Request) -> Response:
        return _text("On" if await self.platform.is_on() else "Off")

    async def _list(self, _request: Request) -> Response:
        return _text(await self.agent.list_all())

    async def _check(self, _request: Request) -> Response:
        return _text(await self.agent.check())

    async def _request(self, request: Request) -> Response:
        wanted = request.path_params
        return _text(await self.agent.request(wanted["file"], wanted["request"]))


def _answered(act: Any) -> Any:
    """An endpoint that does `act` with the name in the path and the body, and answers its code."""

    async def endpoint(request: Request) -> Response:
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _LARGEST_BYTES:
                return _text(CODES["write"])
        return _text(await act(request.path_params.get("name", ""), bytes(body)))

    return endpoint


async def _now(code: str) -> str:
    return code


def _text(text: str) -> Response:
    return Response(text, media_type="text/html; charset=UTF-8")
