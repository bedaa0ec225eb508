"""The third act: a function of five components, each in another language, and the end of each process."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from demo.attempts import DOWNLOAD_BYTES, Attempt, at_least, download, handshake, page, ping
from demo.kills import Killer
from demo.report import print_commands, print_costs
from demo.stage import DIRECT, THROUGH, weft_command

if TYPE_CHECKING:
    from demo.stage import Stage
    from weft.client import Client

__all__ = ["play_inspector"]

PACKAGE = Path(__file__).resolve().parent.parent / "functions" / "traffic-inspector"
NAME = "inspector"
LINK = "inspector"
VALUES = ("check.get bad.count", "analyzer.found", "filter.dropped", "meter.tcp", "flows.top 2")


def play_inspector(stage: Stage, client: Client, digest: str) -> list[Attempt]:
    """Start it, try everything, end its processes one by one under traffic, end it."""
    stage.client.keep_silent()
    stage.server.keep_silent()
    subprocess.run(
        weft_command("run", str(PACKAGE), "-d", "--name", NAME, *stage.joined(LINK)),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    stage.client.configure(LINK, THROUGH["client"])
    stage.server.configure(LINK, THROUGH["server"])
    attempts = _try_everything(stage, client, digest)
    print_commands({" ".join(("weft", *words)): _weft(*words) for words in _commands()})
    attempts += _end_everything(stage, client)
    print_commands({f"weft show {NAME}": _weft("show", NAME)})
    asyncio.run(client.remove(NAME))
    return attempts


def _try_everything(stage: Stage, client: Client, digest: str) -> list[Attempt]:
    server = THROUGH["server"]
    _send_broken(stage)
    attempts = [
        Attempt("five languages: ping", "answered", ping(stage, server)),
        Attempt("five languages: curl a page", "the page", page(stage, server, 80)),
        Attempt(
            f"five languages: download {DOWNLOAD_BYTES // 10**6} MB",
            "whole, same SHA-256",
            download(stage, server, digest),
        ),
        Attempt("BitTorrent without the function", "heard", handshake(stage, DIRECT["server"])),
        Attempt("BitTorrent through the function", "not heard", handshake(stage, server)),
    ]

    def read(handler: str, parameter: str = "") -> str:
        return asyncio.run(client.read(NAME, handler, parameter)).decode().strip()

    return [
        *attempts,
        Attempt("Click: broken headers dropped", "1", read("check.get", "bad.count")),
        at_least("Python: signatures found", 1, json.loads(read("analyzer.found"))["bittorrent"]),
        at_least("C: packets dropped for it", 1, int(read("filter.dropped"))),
        Attempt("Java: packets of ping", "2", read("meter.icmp")),
        at_least("JavaScript: flows", 8, int(read("flows.opened"))),
    ]


def _send_broken(stage: Stage) -> None:
    """An IPv4 packet whose header's checksum is wrong."""
    with stage.client.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with handle:
        handle.bind((LINK, 0))
        handle.send(b"\xff" * 6 + b"\x02" + bytes(5) + b"\x08\x00\x45" + bytes(45))


def _commands() -> list[tuple[str, ...]]:
    reads = [("read", NAME, *handler.split()) for handler in VALUES]
    return [("show", NAME), *reads]


def _weft(*arguments: str) -> str:
    """What a command printed."""
    done = subprocess.run(weft_command(*arguments), check=True, capture_output=True, text=True)
    return done.stdout


def _end_everything(stage: Stage, client: Client) -> list[Attempt]:
    stage.client.know(LINK, THROUGH["server"], stage.server)
    stage.server.know(LINK, THROUGH["client"], stage.client)
    killer = Killer(stage, client, NAME)
    costs = [
        killer.kill_engine(),
        killer.kill("check", "Click", "bypass"),
        killer.kill("analyzer", "Python", "hold"),
        killer.kill("filter", "C", "drop"),
        killer.kill("meter", "Java", "bypass"),
        killer.kill("flows", "JavaScript", "bypass"),
        killer.hang("meter", "bypass"),
        killer.flood("flows"),
    ]
    print_costs(costs)
    wrong = [cost.ended for cost in costs if not cost.as_it_should]
    return [Attempt("what ended cost what it may", "all", ", ".join(wrong) or "all")]
