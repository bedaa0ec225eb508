"""What is tried with real programs, what should happen, and what happened."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from demo.stage import Stage

__all__ = [
    "DOWNLOAD_BYTES",
    "Attempt",
    "at_least",
    "connect",
    "download",
    "handshake",
    "make_files",
    "page",
    "ping",
]

DOWNLOAD_BYTES = 100 * 10**6
_UNHEARD_S = 1.0
_GREETING = b"hello from the web server\n"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One row of the table."""

    tried: str
    should: str
    happened: str

    @property
    def as_it_should(self) -> bool:
        """Whether what should happen did."""
        return self.should == self.happened


def at_least(what: str, least: int, count: int) -> Attempt:
    """An attempt that was counted; trying again may have counted it more than once."""
    should = f"at least {least}"
    return Attempt(what, should, should if count >= least else str(count))


def make_files(folder: Path) -> str:
    """The files of the web server; the digest of the large one."""
    (folder / "hello").write_bytes(_GREETING)
    digest = hashlib.sha256()
    with (folder / "large").open("wb") as large:
        for _ in range(100):
            block = os.urandom(DOWNLOAD_BYTES // 100)
            digest.update(block)
            large.write(block)
    return digest.hexdigest()


def ping(stage: Stage, address: str) -> str:
    """Whether an address answers one ping."""
    done = stage.client.run("ping", "-n", "-c", "1", "-W", "1", address)
    return {0: "answered", 1: "no answer"}.get(done.returncode, f"ping status {done.returncode}")


def connect(stage: Stage, address: str, port: int) -> str:
    """curl connects and then meets a server that does not talk HTTP, or cannot connect at all."""
    curl = stage.client.run(
        "curl", "-s", "--http0.9", "--max-time", "1", f"http://{address}:{port}/"
    )
    if curl.stdout.startswith(b"SSH-2.0"):
        return "connected"
    return "timed out" if curl.returncode == 28 else f"curl status {curl.returncode}"


def page(stage: Stage, address: str, port: int) -> str:
    """Fetch a small page."""
    url = f"http://{address}:{port}/hello"
    curl = stage.client.run("curl", "-sS", "--max-time", "10", url)
    if curl.returncode == 0 and curl.stdout == _GREETING:
        return "the page"
    return f"curl status {curl.returncode}: {curl.stderr.decode(errors='replace').strip()}"


def handshake(stage: Stage, address: str, greeting: bytes = b"\x13BitTorrent protocol\r\n") -> str:
    """Open a connection as BitTorrent does, or with another greeting; whether the other side hears it."""
    with stage.client.namespace.entered():
        handle = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with handle:
        handle.settimeout(_UNHEARD_S)
        # It goes with a reset: nothing is sent again behind the back of what comes next.
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            handle.connect((address, 80))
            handle.sendall(greeting)
            return "heard" if handle.recv(1) else "closed"
        except TimeoutError:
            return "not heard"


def download(stage: Stage, address: str, digest: str) -> str:
    """Fetch the large file and compare it."""
    target = stage.folder / "downloaded"
    curl = stage.client.run(
        *("curl", "-sS", "--max-time", "120", "-o", str(target), f"http://{address}/large"),
        timeout_s=150,
    )
    if curl.returncode != 0:
        return f"curl status {curl.returncode}: {curl.stderr.decode(errors='replace').strip()}"
    with target.open("rb") as file:
        same = hashlib.file_digest(file, "sha256").hexdigest() == digest
    size = target.stat().st_size
    target.unlink()
    return "whole, same SHA-256" if same else f"{size} bytes, another SHA-256"
