"""Programs that people use, at the ends of a function: ping, curl, iperf3, traceroute."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.running import wait_until
from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.hosts import Host

__all__ = ["fetch", "inside", "iperf", "is_listening", "pinged", "serving"]

_LIMIT_S = 30


def inside(host: Host, arguments: Sequence[str]) -> list[str]:
    """The command that runs another in a host."""
    return ["nsenter", f"--net={NETNS_FOLDER / host.name}", *arguments]


@contextlib.contextmanager
def serving(host: Host, *command: str, port: int = 0) -> Iterator[None]:
    """A program that runs in a host while the body does, and listens on TCP `port` if that is given."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(inside(host, command), stdout=nowhere, stderr=nowhere)
    try:
        if port:
            wait_until(lambda: is_listening(host, port), True)
        yield
    finally:
        process.kill()
        process.wait()


def is_listening(host: Host, port: int) -> bool:
    """Whether a host takes TCP connections on a port."""
    return bool(host.run(["ss", "-Hltn", f"sport = :{port}"]).stdout)


def pinged(host: Host, address: str, *options: str, count: int = 2) -> bool:
    """Whether every echo request from a host is answered."""
    command = ["ping", "-n", "-c", str(count), "-i", "0.05", "-W", "2", *options, address]
    return host.run(command).returncode == 0


def fetch(host: Host, url: str, *options: str) -> str:
    """A page as curl gets it."""
    done = host.run(["curl", "-gsSf", "-m", str(_LIMIT_S), *options, url])
    assert done.returncode == 0, done.stderr
    return done.stdout


def iperf(client: Host, server: Host, address: str, *options: str) -> dict[str, Any]:
    """What iperf3 tells of a transfer from `client` to `address` of `server`."""
    listening = ["iperf3", "-s", "-1", "-B", address]
    with serving(server, *listening, port=5201):
        done = client.run(["iperf3", "-J", "-c", address, *options])
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == 0, told.get("error", done.stderr)
    return told
