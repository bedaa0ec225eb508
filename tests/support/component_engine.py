"""An engine with components, held as process 1 of a sandbox does: memory and sockets outlive it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Self

from weft.launcher import engine_binary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["ComponentEngine", "RefusedError", "until"]

_FRAMES_BYTES = 40 << 20
_STATE_BYTES = 1 << 20
_PATIENCE_S = 15.0


class RefusedError(Exception):
    """A handler call that was refused: what the engine said."""


def until(holds: Callable[[], bool], what: str) -> None:
    """Return once `holds()`; complain that `what` did not come true when it does not within a minute."""
    deadline = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.002)


class ComponentEngine:
    """Starts engines one after another on the same memory and sockets.

    `path` is the socket that components connect to, `lines` what the engines reported on the ready
    pipe.
    """

    def __init__(self, folder: Path, flags: int = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING) -> None:
        self.folder = folder
        self.path = folder / "components.sock"
        self.lines: list[str] = []
        self.process: subprocess.Popen[bytes] | None = None
        self._memory = [os.memfd_create(name, flags) for name in ("frames", "state")]
        for memory, size in zip(self._memory, (_FRAMES_BYTES, _STATE_BYTES), strict=True):
            os.ftruncate(memory, size)
        self._control = self._listen(folder / "control.sock")
        self._components = self._listen(self.path)
        self._hearing: list[threading.Thread] = []

    @staticmethod
    def _listen(path: Path) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(64)
        return listener

    def start(self, graph: str) -> None:
        """Start an engine and return when it is ready."""
        file = self.folder / "graph.click"
        file.write_text(graph)
        hears, says = os.pipe()
        descriptors = {
            "control": self._control.fileno(),
            "components": self._components.fileno(),
            "frames": self._memory[0],
            "state": self._memory[1],
            "ready": says,
        }
        options = [word for name, fd in descriptors.items() for word in (f"--{name}-fd", str(fd))]
        seen = len(self.lines)
        with (self.folder / "engine.log").open("ab") as log:
            self.process = subprocess.Popen(
                [engine_binary(), "engine", "--graph", str(file), *options],
                pass_fds=descriptors.values(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        os.close(says)
        thread = threading.Thread(target=self._hear, args=(hears,))
        thread.start()
        self._hearing.append(thread)
        until(lambda: len(self.lines) > seen or not thread.is_alive(), "the engine says something")
        assert self.lines[seen:][:1] == ["ready"], self.log()

    def _hear(self, descriptor: int) -> None:
        with open(descriptor) as pipe:
            for line in pipe:
                self.lines.append(line.rstrip("\n"))

    def wait_for(self, line: str, times: int = 1) -> None:
        """Return when a line has been reported so many times in all."""
        until(
            lambda: self.lines.count(line) >= times,
            f"{line!r} {times} times; {self.lines}; {self.log()}",
        )

    def log(self) -> str:
        """What engines wrote to standard output and error."""
        return (self.folder / "engine.log").read_text(errors="replace")

    @property
    def alive(self) -> bool:
        """Whether the engine runs."""
        return self.process is not None and self.process.poll() is None

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(_PATIENCE_S)
        self.process = None
        return status

    def kill(self) -> int:
        """Kill the engine; how it ended."""
        return self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the engine to end; its exit status."""
        return self._end(signal.SIGTERM)

    def read(self, handler: str, parameter: str | bytes = b"") -> bytes:
        """The value of a handler."""
        with Client(self) as client:
            return client.read(handler, parameter)

    def write(self, handler: str, value: str | bytes = b"") -> None:
        """Write a handler."""
        with Client(self) as client:
            client.write(handler, value)

    def number(self, handler: str) -> int:
        """The value of a handler that is a number."""
        return int(self.read(handler))

    def drops(self, element: str) -> dict[str, int]:
        """How many packets an element dropped, by reason."""
        lines = self.read(f"{element}.drops").decode().splitlines()
        return {reason: int(count) for reason, _, count in (line.partition(" ") for line in lines)}

    def client(self) -> Client:
        """A connection of its own to the control socket."""
        return Client(self)

    def close(self) -> None:
        """End the engine and give everything back."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_PATIENCE_S)
        for thread in self._hearing:
            thread.join(_PATIENCE_S)
        self._control.close()
        self._components.close()
        for memory in self._memory:
            os.close(memory)


class Client:
    """A connection to the control socket."""

    def __init__(self, engine: ComponentEngine) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_PATIENCE_S)
        self._socket.connect(str(engine.folder / "control.sock"))
        self._file = self._socket.makefile("rb")
        assert self._file.readline().startswith(b"Click::ControlSocket/")

    def _answer(self) -> None:
        lines = []
        while True:
            line = self._file.readline().decode().rstrip("\r\n")
            lines.append(line[4:])
            if line[3:4] != "-":
                break
        if line[:1] != "2":
            raise RefusedError("\n".join(lines))

    def read(self, handler: str, parameter: str | bytes = b"") -> bytes:
        """The value of a handler."""
        self.ask(handler, parameter)
        return self.take()

    def read_line(self, handler: str, parameter: str = "") -> bytes:
        """The value of a handler, asked for in one line: a command is not called so."""
        self._socket.sendall(f"READ {handler} {parameter}\n".encode())
        return self.take()

    def ask(self, handler: str, parameter: str | bytes = b"") -> None:
        """Ask for a value without waiting for it."""
        data = parameter.encode() if isinstance(parameter, str) else parameter
        self._socket.sendall(b"READDATA %b %d\n%b" % (handler.encode(), len(data), data))

    def take(self) -> bytes:
        """The value that was asked for."""
        self._answer()
        return self._file.read(int(self._file.readline().split()[1]))

    def write(self, handler: str, value: str | bytes = b"") -> None:
        """Write a handler."""
        data = value.encode() if isinstance(value, str) else value
        self._socket.sendall(b"WRITEDATA %b %d\n%b" % (handler.encode(), len(data), data))
        self._answer()

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.sendall(b"QUIT\n")
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
