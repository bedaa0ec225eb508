"""Where a server listens: the socket in the run directory, which only one server has, and the network."""

from __future__ import annotations

import contextlib
import fcntl
import grp
import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.errors import UsageError, WeftError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "NetworkAddress",
    "only_server",
    "open_local",
    "open_network",
    "parse_listen",
    "shown_address",
]

_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})")
_BACKLOG = 128


@dataclass(frozen=True)
class NetworkAddress:
    """A host and a port to listen on; port 0 is any that is free."""

    host: str
    port: int


def parse_listen(text: str) -> NetworkAddress:
    """What `--listen` says."""
    match = _LISTEN.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise UsageError(f"--listen {text}: not understood; allowed: HOST:PORT, as in [::1]:8443")
    return NetworkAddress(match["host"].strip("[]"), int(match["port"]))


@contextlib.contextmanager
def only_server(root: Path) -> Iterator[None]:
    """Be the one server of a run directory; the lock is gone with the process, however it ends."""
    path = root / ".api.lock"
    try:
        root.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise WeftError(
            f"the run directory '{root}' cannot be used: {error.strerror}",
            hint="choose another: set WEFT_RUN_DIR",
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise WeftError(
                f"a server of '{root}' runs already: process {pid}",
                hint="end that one first, or choose another run directory: set WEFT_RUN_DIR",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def open_local(path: Path, group: str | None) -> Iterator[socket.socket]:
    """The unix socket, for its owner and maybe a group; one that a dead server left is replaced."""
    gid = _group(group) if group else None
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        if gid is not None:
            os.chown(path, -1, gid)
            path.chmod(0o660)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        yield listener
    finally:
        path.unlink(missing_ok=True)
        listener.close()


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise UsageError(
            f"--group {name}: there is no such group; `getent group` lists them"
        ) from None


def open_network(address: NetworkAddress) -> socket.socket:
    """A socket that listens on the network; WeftError tells why it cannot."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        info = socket.getaddrinfo(
            address.host, address.port, family, socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(info[4][:2], family=info[0], backlog=_BACKLOG)
    except OSError as error:
        raise WeftError(
            f"cannot listen on {address.host}:{address.port}: {error.strerror or error}"
        ) from None


def shown_address(listener: socket.socket) -> str:
    """Where a socket on the network listens, as a URL has it."""
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
