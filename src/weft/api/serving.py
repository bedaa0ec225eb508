"""A server from its start to its end: listeners, the watch over functions, signals."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import signal
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from weft.api.application import make_application
from weft.api.compat.opening import open_listeners
from weft.api.guards import TokenGuard
from weft.api.listening import (
    NetworkAddress,
    only_server,
    open_local,
    open_network,
    shown_address,
)
from weft.api.logging import configure_logging
from weft.api.progress import say
from weft.api.tls import fingerprint, read_token, self_signed, tls_context
from weft.api.watching import ServingClient, Watch
from weft.manager.data import default_data
from weft.manager.monitoring import Monitoring

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from weft.api.compat.listener import CompatAddress
    from weft.api.compat.opening import OpenListener
    from weft.api.context import Context

__all__ = ["ServerOptions", "serve"]

_GRACE_S = 5
_AGAIN_S = 1.0
_MOST_CONNECTIONS = 512


@dataclass(frozen=True)
class ServerOptions:
    """How a server is asked to run."""

    root: Path
    group: str | None = None
    listen: NetworkAddress | None = None
    token_file: str = ""
    certificate: str = ""
    key: str = ""
    is_self_signed: bool = False
    log_format: str = "text"
    compat: tuple[CompatAddress, ...] = ()
    """Listeners for tools of other systems, and what their functions' interfaces are joined to."""
    compat_interfaces: tuple[str, ...] = ()
    element_bytes: bool = False


@dataclass(frozen=True)
class _Network:
    """A listener on the network, with what protects it."""

    socket: socket.socket
    token: str
    tls: ssl.SSLContext
    certificate: str


@dataclass(frozen=True)
class _Sockets:
    """All that is listened on."""

    local: socket.socket
    network: _Network | None
    compat: list[OpenListener]


def serve(options: ServerOptions, tell: Callable[[str], None]) -> int:
    """Serve until a signal comes; `tell` is told where, once it can be reached."""
    configure_logging(options.log_format)
    with contextlib.ExitStack() as held:
        held.enter_context(only_server(options.root))
        network = _open_network(options, held)
        path = options.root / "api.sock"
        local = held.enter_context(open_local(path, options.group))
        client = ServingClient(say)
        monitoring = Monitoring(client, default_data(), element_bytes=options.element_bytes)
        client.monitoring = monitoring
        compat = open_listeners(options.compat, options.compat_interfaces, client)
        for item in compat:
            held.callback(item.socket.close)
        sockets = _Sockets(local, network, compat)
        announce = functools.partial(_announce, path, network, tell)
        return asyncio.run(_serve(client, monitoring, sockets, announce, tell))


def _open_network(options: ServerOptions, held: contextlib.ExitStack) -> _Network | None:
    if options.listen is None:
        return None
    token = read_token(options.token_file)
    certificate, key = options.certificate, options.key
    if options.is_self_signed:
        certificate, key = self_signed(options.root, options.listen.host)
    tls = tls_context(certificate, key)
    return _Network(held.enter_context(open_network(options.listen)), token, tls, certificate)


def _announce(path: Path, network: _Network | None, tell: Callable[[str], None]) -> None:
    tell(f"serves unix:{path}")
    if network is not None:
        tell(
            f"serves https://{shown_address(network.socket)}, certificate {network.certificate}, "
            f"SHA-256 {fingerprint(network.certificate)}"
        )


async def _serve(
    client: ServingClient,
    monitoring: Monitoring,
    sockets: _Sockets,
    announce: Callable[[], None],
    tell: Callable[[str], None],
) -> int:
    network = sockets.network
    application = make_application(client)
    context: Context = application.state.context
    logged = _Logged(application)
    servers = [(_server(logged), sockets.local)]
    if network is not None:
        servers.append((_server(TokenGuard(logged, network.token), network.tls), network.socket))
    compat = [(item, _server(_Logged(item.listener.application))) for item in sockets.compat]
    servers += [(server, item.socket) for item, server in compat]
    with _signals(servers, context) as number:
        watch = asyncio.create_task(_watch(client, monitoring, context))
        log = structlog.get_logger()
        try:
            serving = [asyncio.create_task(server.serve([sock])) for server, sock in servers]
            while not all(server.started for server, _ in servers) and not number:
                await asyncio.sleep(0.005)
            announce()
            for item, server in compat:
                tell(f"{item.told}{await item.open(server)}")
            log.info("started")
            await asyncio.gather(*serving)
        finally:
            watch.cancel()
            await context.close()
            for item, _ in compat:
                await item.close()
            await asyncio.gather(watch, return_exceptions=True)
        log.info("ended", signal=signal.Signals(number[0]).name if number else None)
    return 0


async def _watch(client: ServingClient, monitoring: Monitoring, context: Context) -> None:
    """Look at functions: what becomes another is an event, what is measured is kept."""
    monitoring.listen(
        lambda event: context.events.add(f"alarm.{event.change.value}", **asdict(event.alarm))
    )
    watch = Watch(client, context.events)
    await asyncio.gather(_kept_up(watch.run), _kept_up(monitoring.run))


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Go on with work that must not end because it once met what it was not made for."""
    while True:
        try:
            await work()
        except Exception:
            structlog.get_logger().exception("watching failed and goes on")
        await asyncio.sleep(_AGAIN_S)


class _Server(uvicorn.Server):
    """One listener; signals are handled for all of them at once."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _server(application: ASGIApp, tls: ssl.SSLContext | None = None) -> _Server:
    settings: dict[str, Any] = {"ssl_context_factory": lambda *_: tls} if tls else {}
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
        **settings,
    )
    return _Server(config)


@contextlib.contextmanager
def _signals(servers: list[tuple[_Server, Any]], context: Context) -> Iterator[list[int]]:
    """Have a signal end it all: streams at once, then what is being answered."""
    loop = asyncio.get_running_loop()
    came: list[int] = []
    ending: list[asyncio.Task[None]] = []

    def end(number: int) -> None:
        came.append(number)
        if not ending:
            ending.append(asyncio.create_task(context.close()))
        for server, _ in servers:
            server.should_exit = True

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, end, number)
    try:
        yield came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Logged:
    """Writes a line of the log for every request."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._log = structlog.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        began_s, status = time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._application(scope, receive, noted)
        finally:
            self._log.info(
                "request",
                method=scope.get("method"),
                path=scope.get("path"),
                status=status or None,
                ms=round((time.monotonic() - began_s) * 1000, 1),
            )
