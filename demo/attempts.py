"""What is tried through the function, what should happen, and what happened."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.stage import DIRECT, THROUGH

if TYPE_CHECKING:
    from pathlib import Path

    from demo.stage import Stage

__all__ = ["DOWNLOAD_BYTES", "Attempt", "make_files", "try_everything"]

DOWNLOAD_BYTES = 100 * 10**6
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


def try_everything(stage: Stage, own_address: str, digest: str) -> list[Attempt]:
    """Try everything once, with real programs."""
    server = THROUGH["server"]
    return [
        Attempt("ping the function itself", "answered", _ping(stage, own_address)),
        Attempt("ping the web server", "no answer", _ping(stage, server)),
        Attempt("port 22 without the function", "connected", _connect(stage, DIRECT["server"], 22)),
        Attempt("port 22 through the function", "timed out", _connect(stage, server, 22)),
        Attempt("port 80: curl a page", "the page", _page(stage, server, 80)),
        Attempt("port 443: curl a page", "the page", _page(stage, server, 443)),
        Attempt(
            f"port 80: download {DOWNLOAD_BYTES // 10**6} MB",
            "whole, same SHA-256",
            _download(stage, server, digest),
        ),
    ]


def _ping(stage: Stage, address: str) -> str:
    ping = stage.client.run("ping", "-n", "-c", "1", "-W", "1", address)
    return {0: "answered", 1: "no answer"}.get(ping.returncode, f"ping status {ping.returncode}")


def _connect(stage: Stage, address: str, port: int) -> str:
    """curl connects and then meets a server that does not talk HTTP, or cannot connect at all."""
    curl = stage.client.run(
        "curl", "-s", "--http0.9", "--max-time", "1", f"http://{address}:{port}/"
    )
    if curl.stdout.startswith(b"SSH-2.0"):
        return "connected"
    return "timed out" if curl.returncode == 28 else f"curl status {curl.returncode}"


def _page(stage: Stage, address: str, port: int) -> str:
    curl = stage.client.run("curl", "-sS", "--max-time", "10", f"http://{address}:{port}/hello")
    if curl.returncode == 0 and curl.stdout == _GREETING:
        return "the page"
    return f"curl status {curl.returncode}: {curl.stderr.decode(errors='replace').strip()}"


def _download(stage: Stage, address: str, digest: str) -> str:
    target = stage.folder / "downloaded"
    curl = stage.client.run(
        "curl",
        "-sS",
        "--max-time",
        "120",
        "-o",
        str(target),
        f"http://{address}/large",
        timeout_s=150,
    )
    if curl.returncode != 0:
        return f"curl status {curl.returncode}: {curl.stderr.decode(errors='replace').strip()}"
    with target.open("rb") as file:
        same = hashlib.file_digest(file, "sha256").hexdigest() == digest
    size = target.stat().st_size
    target.unlink()
    return "whole, same SHA-256" if same else f"{size} bytes, another SHA-256"
