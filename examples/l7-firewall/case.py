"""The case: an L7 firewall between a client and a server, and its analyzer in a balancer of two servers."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from socket import SOCK_DGRAM, SOCK_STREAM
from typing import TYPE_CHECKING, NamedTuple

from ends import End, Stream
from weft.client import local_client

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["BALANCER", "FIREWALL", "PREFIX", "Attempt", "balance", "block", "greeting", "measure"]

HERE = Path(__file__).parent
FIREWALL = HERE.parents[1] / "functions" / "l7-firewall"
BALANCER = HERE / "balancer"
PREFIX = "weft-l7-firewall-"
PAGE = b"hello from the web server\n"
CLIENT, SERVER = "10.77.5.1", "10.77.5.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:05:01", "02:00:00:00:05:02"
EXCHANGES = {"Click": "click:filter.click", "Python": "python:filter.py"}
SHARED = ("numpy_analyzer.py", "detector.py", "signatures.py", "signatures.toml")
"""What the balancer takes from the firewall as it is."""


class Attempt(NamedTuple):
    """What was tried, what should happen, and what happened."""

    tried: str
    should: str
    happened: str

    @property
    def as_it_should(self) -> bool:
        """Whether what should happen did."""
        return self.should == self.happened


def greeting() -> bytes:
    """An invented greeting that bears the signature `skype-like`: its last 16 bytes come again."""
    head = bytes.fromhex("80 46 01 03 01 00 2d 00 00 00 10 00 00 05 00 00 04 00 00 0a")
    nonce = bytes(range(100, 116))
    return head + bytes(range(1, 37)) + nonce + b"and so on: " + nonce


def block(folder: Path) -> Generator[Attempt, None, None]:
    """Real programs on both sides of the firewall; then its filter is exchanged under traffic."""
    with ExitStack() as stack:
        client, server = (_end(stack, role) for role in ("client", "server"))
        joins = [f"in=netns:{client.name}:eth0", f"out=netns:{server.name}:eth0"]
        _start(stack, FIREWALL, "firewall", joins)
        client.configure("eth0", CLIENT, CLIENT_MAC)
        _serve_pages(server, folder)
        _serve_answers(server, "server")
        yield Attempt("curl, port 80", "the page", _page(client))
        request = b"GET / HTTP/1.1\r\n\r\n"
        heard = f"server heard {len(request)} bytes"
        yield Attempt("a request, port 443", heard, client.ask(SERVER, 443, request, SOCK_STREAM))
        blocked = client.ask(SERVER, 443, greeting(), SOCK_STREAM)
        yield Attempt("the greeting, port 443, TCP", "no answer", blocked)
        blocked = client.ask(SERVER, 443, greeting(), SOCK_DGRAM)
        yield Attempt("the greeting, port 443, UDP", "no answer", blocked)
        for language, change in EXCHANGES.items():
            yield _exchange(client, server, language, change)
            blocked = client.ask(SERVER, 443, greeting(), SOCK_DGRAM)
            yield Attempt(f"the greeting, filter in {language}", "no answer", blocked)


def balance(folder: Path) -> Generator[Attempt, None, None]:
    """The same analyzer chooses between two servers, which have the same addresses."""
    package = folder / "balancer"
    shutil.copytree(BALANCER, package)
    for name in SHARED:
        shutil.copy(FIREWALL / name, package)
    with ExitStack() as stack:
        client, *servers = (_end(stack, role) for role in ("client", "others", "chosen"))
        joins = [
            f"{interface}=netns:{end.name}:eth0"
            for interface, end in zip(("in", "others", "chosen"), (client, *servers), strict=True)
        ]
        _start(stack, package, "balancer", joins)
        client.configure("eth0", CLIENT, CLIENT_MAC)
        for server, name in zip(servers, ("others", "chosen"), strict=True):
            _serve_answers(server, name)
        for what, request, who in (
            ("a request", b"hello", "others"),
            ("the greeting", greeting(), "chosen"),
        ):
            answer = client.ask(SERVER, 443, request, SOCK_DGRAM)
            yield Attempt(
                f"{what}, through the balancer", f"{who} heard {len(request)} bytes", answer
            )


def measure(folder: Path) -> None:
    """A short measurement of both analyzers with two filters."""
    chosen = ("--quick", "--filter", "c", "--filter", "click", "--out", str(folder / "bench"))
    command = _weft("bench", "components", *chosen)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as bench:
        try:
            printed, _ = bench.communicate()
        except BaseException:
            bench.terminate()  # it takes everything away, and is given the time to
            bench.wait()
            raise
    if bench.returncode:
        raise subprocess.CalledProcessError(bench.returncode, command)
    print(printed.partition("written: ")[0], end="", flush=True)


def _end(stack: ExitStack, role: str) -> End:
    end = End(f"{PREFIX}{os.getpid()}-{role}")
    stack.callback(end.close)
    return end


def _start(stack: ExitStack, package: Path, name: str, joins: list[str]) -> None:
    """Run a function, which ends with the stack."""
    functions = local_client(lambda line: print(line, file=sys.stderr, flush=True))
    request = functions.prepare(str(package), name, joins, {})
    stack.callback(lambda: asyncio.run(functions.remove(name, missing_ok=True)))
    asyncio.run(functions.run(request))


def _serve_answers(server: End, name: str) -> None:
    """A server with the server's addresses that answers on port 443."""
    server.configure("eth0", SERVER, SERVER_MAC)
    server.know("eth0", CLIENT, CLIENT_MAC)
    loopback = server.namespace.index_of("lo")
    server.namespace.route.link("set", index=loopback, state="up")
    server.serve(443, sys.executable, str(HERE / "answering.py"), name, "443")


def _serve_pages(server: End, folder: Path) -> None:
    pages = folder / "pages"
    pages.mkdir()
    (pages / "hello").write_bytes(PAGE)
    loopback = server.namespace.index_of("lo")
    server.namespace.route.link("set", index=loopback, state="up")
    server.serve(80, sys.executable, "-m", "http.server", "80", "--directory", str(pages))


def _page(client: End) -> str:
    status, page = client.run("curl", "-s", "--max-time", "10", f"http://{SERVER}/hello")
    if status == 0:
        return "the page" if page == PAGE else f"{len(page)} other bytes"
    return f"curl status {status}"


def _exchange(client: End, server: End, language: str, change: str) -> Attempt:
    """Another filter, by the command that people type, while datagrams pass."""
    framework, _, file = change.partition(":")
    replacement = f"filter={framework}:{FIREWALL / file}"
    with Stream(client, server, SERVER) as stream:
        command = _weft("reconfigure", "firewall", "--replace", replacement)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Attempt(f"datagrams lost while {language} took over", "none", stream.told)


def _weft(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from weft.cli.main import main; main()", *arguments]
