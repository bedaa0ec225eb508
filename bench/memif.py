"""Two dpdk-testpmd joined by memif: the reference of figures of shared memory between processes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.figure import BrokenRunError
from bench.process import Child, cpu_s, running
from bench.testpmd import huge_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.setting import Setting

__all__ = ["memif_pair"]

_RUNTIME = Path("/var/run/dpdk")
_MEGABYTES = 128
_DURATION_S = 1.5
_TIMEOUT_S = 20.0
_POLL_S = 0.01
_SOCKET = "memif"
_ROLES = ("server", "client")


@contextlib.contextmanager
def memif_pair(setting: Setting, length: int, echo: bool) -> Iterator[Callable[[], float]]:
    """Measures packets per CPU-second of both processes together.

    The client makes packets of `length` bytes and the server takes them; with `echo` the server has
    them from a null device, and the client sends them back to it. Each has a core of its own. On huge
    pages where they can be had. A smoke run does without it where it is not installed.
    """
    if setting.smoke and shutil.which("dpdk-testpmd") is None:
        yield lambda: 1.0
        return
    with huge_pages(2) as huge:
        memory = ("--in-memory",) if huge else ("--no-huge",)
        try:
            yield lambda: _packets_per_cpu_s(setting, memory, length, echo)
        finally:
            for role in _ROLES:
                shutil.rmtree(_RUNTIME / _prefix(role), ignore_errors=True)


def _packets_per_cpu_s(setting: Setting, memory: tuple[str, ...], length: int, echo: bool) -> float:
    (setting.folder / _SOCKET).unlink(missing_ok=True)
    null = (f"--vdev=net_null0,size={length}",) if echo else ()
    server = _command(setting, "server", memory, null, ("io",) if echo else ("rxonly",))
    mode = ("io", "--port-topology=loop") if echo else ("txonly", f"--txpkts={length}")
    client = _command(setting, "client", memory, (), mode)
    port = 1 if echo else 0
    with contextlib.ExitStack() as stack:
        pair = []
        for command in (server, client):
            pair.append(stack.enter_context(running(command)))
            pair[-1].wait_for("Press enter", _TIMEOUT_S)
        statistics = stack.enter_context(_telemetry("server"))
        _wait_until_connected(statistics, port, pair)
        packets, before = _received(statistics, port), _cpu_s(pair)
        time.sleep(setting.seconds(_DURATION_S))
        passed, after = _received(statistics, port) - packets, _cpu_s(pair)
    if passed <= 0:
        raise BrokenRunError("nothing came through memif")
    return passed / (after - before)


def _command(
    setting: Setting,
    role: str,
    memory: tuple[str, ...],
    devices: tuple[str, ...],
    mode: tuple[str, ...],
) -> list[str]:
    core = _ROLES.index(role)
    joined = f"role={role},socket={setting.folder / _SOCKET},socket-abstract=no"
    return [
        *("stdbuf", "-oL"),  # so that it is seen when it is ready
        *("dpdk-testpmd", f"--lcores=0@{core},1@{core}", *memory, "-m", str(_MEGABYTES)),
        *("--no-pci", f"--file-prefix={_prefix(role)}", *devices, f"--vdev=net_memif0,{joined}"),
        *("--", f"--forward-mode={mode[0]}", *mode[1:], "--nb-cores=1", "--no-mlockall"),
        "--total-num-mbufs=8192",
    ]


@contextlib.contextmanager
def _telemetry(role: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(_TIMEOUT_S)
        connection.connect(str(_RUNTIME / _prefix(role) / "dpdk_telemetry.v2"))
        connection.recv(65536)
        yield connection


def _received(statistics: socket.socket, port: int) -> int:
    statistics.send(f"/ethdev/stats,{port}".encode())
    answer: dict[str, Any] = json.loads(statistics.recv(65536))
    return int((answer["/ethdev/stats"] or {"ipackets": 0})["ipackets"])


def _wait_until_connected(statistics: socket.socket, port: int, pair: list[Child]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not _received(statistics, port):
        if any(child.poll() for child in pair) or time.monotonic() > deadline:
            raise BrokenRunError(f"memif does not connect: {pair[1].errors()[-2000:]}")
        time.sleep(_POLL_S)


def _cpu_s(pair: list[Child]) -> float:
    return sum(cpu_s(child.pid) for child in pair)


def _prefix(role: str) -> str:
    """The name under which testpmd keeps files of its own; it leaves them there."""
    return f"weft-bench-{os.getpid()}-{role}"
