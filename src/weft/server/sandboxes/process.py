"""Sandbox `process`: namespaces of this kernel, with `weft-engine init` as process 1."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Any

from weft.errors import EngineError, StartError
from weft.launcher import engine_binary
from weft.server.log import parse_line
from weft.server.processes import wait_gone

if TYPE_CHECKING:
    from weft.server.namespaces import Namespace
    from weft.server.rundir import FunctionFolder

__all__ = ["ProcessSandbox"]

_OPEN_TIMEOUT_S = 30.0
_START_TIMEOUT_S = 120.0
_TAIL_LINES = 20


class ProcessSandbox:
    """Talks to one `init` over the socket it reports on."""

    def __init__(self, folder: FunctionFolder, name: str) -> None:
        self._folder = folder
        self._name = name
        self._outer: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._received = b""
        self._pidfd: int | None = None
        self._lives_on = False

    async def open(self, network: Namespace) -> None:
        """Start init; it answers with the process id of the sandbox's process 1."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)
        self._socket = ours
        with theirs:
            self._spawn(theirs.fileno(), network.descriptor)
        event = await self._event("sandbox", _OPEN_TIMEOUT_S)
        self._pidfd = os.pidfd_open(int(event["pid"]))

    async def start(self) -> None:
        """Let init open the devices and start the engine."""
        await self._ask("start", "running")

    async def rest(self) -> None:
        """Let init wait for an order."""
        await self._ask("rest", "resting")

    async def _ask(self, operation: str, wanted: str) -> None:
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        # One that has gone has said why.
        with contextlib.suppress(ConnectionError):
            await loop.sock_sendall(self._socket, b'{"op":"%s"}\n' % operation.encode())
        await self._event(wanted, _START_TIMEOUT_S)
        self._lives_on = True

    async def cancel(self) -> None:
        """Make init tear everything down, and wait until it has.

        Hanging up is enough until the function lives on its own; then it has to be told.
        """
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._pidfd is not None:
            if self._lives_on:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._pidfd, signal.SIGTERM)
            await wait_gone(self._pidfd)
        if self._outer is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._outer.wait, 5)
            if self._outer.poll() is None:
                self._outer.kill()
                self._outer.wait()
        self.release()

    def release(self) -> None:
        """Hang up; after `running` that leaves the function alone."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._pidfd is not None:
            os.close(self._pidfd)
            self._pidfd = None
        if self._outer is not None:
            self._outer.poll()

    def _spawn(self, report: int, network: int) -> None:
        command = [engine_binary(), "init", "--run-dir", str(self._folder.path)]
        command += ["--report-fd", str(report), "--network-fd", str(network)]
        with self._folder.log.open("ab") as log:
            try:
                self._outer = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(report, network),
                    start_new_session=True,
                    umask=0o022,  # what it makes is seen by users of its own
                )
            except OSError as error:
                raise EngineError(f"cannot run '{command[0]}': {error.strerror}") from None

    async def _event(self, wanted: str, timeout_s: float) -> dict[str, Any]:
        """The next event, which must be `wanted`; anything else is a failed start."""
        try:
            async with asyncio.timeout(timeout_s):
                line = await self._line()
        except TimeoutError:
            raise StartError(self._name, wanted, [f"nothing within {timeout_s:.0f} s"]) from None
        try:
            event = json.loads(line)
        except ValueError:
            raise self._died(wanted) from None
        if event.get("event") == wanted:
            return dict(event)
        stage = str(event.get("stage", wanted))
        lines = event.get("errors") or self._tail()
        raise StartError(self._name, stage, [str(line) for line in lines])

    async def _line(self) -> bytes:
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        while b"\n" not in self._received:
            try:
                chunk = await loop.sock_recv(self._socket, 65536)
            except ConnectionError:
                return b""
            if not chunk:
                return b""
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _died(self, stage: str) -> StartError:
        return StartError(self._name, stage, self._tail() or ["init ended without a word"])

    def _tail(self) -> list[str]:
        try:
            text = self._folder.log.read_text(errors="replace")
        except OSError:
            return []
        return [parse_line(line).text for line in text.splitlines()[-_TAIL_LINES:]]
