"""The third act: a service function chain of six functions, and one packet's header after each hop.

    client - classifier - forwarder west - forwarder east - end - server
                                |                |
                            firewall          monitor

TCP goes by the firewall and the monitor (path 10, back 11), everything else past both (12, back 13).
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from demo.attempts import Attempt, at_least, connect, page, ping
from demo.chain.cables import Cable, Cables
from demo.chain.hops import Hop, hops_of
from demo.report import print_hops
from demo.stage import THROUGH, weft_command

if TYPE_CHECKING:
    from collections.abc import Mapping

    from demo.stage import Stage
    from weft.client import LocalClient

__all__ = ["play_chain"]

HERE = Path(__file__).parent
LINK = "chain"
CABLES = (
    Cable("cable1", ("classifier", "chain"), ("west", "client")),
    Cable("cable2", ("west", "firewall"), ("firewall", "chain")),
    Cable("cable3", ("west", "east"), ("east", "west")),
    Cable("cable4", ("east", "monitor"), ("monitor", "chain")),
    Cable("cable5", ("east", "server"), ("end", "chain")),
)
PACKAGES = {
    "classifier": ("classifier", {}),
    "west": ("forwarder-west", {}),
    "firewall": ("firewall", {}),
    "east": ("forwarder-east", {}),
    "monitor": ("monitor", {}),
    "end": ("classifier", {"TCP": "11", "OTHER": "13", "FORWARDER": "02:00:00:00:0f:02"}),
}
ROUTE = (
    *(("classifier", "west", 10, 255, 63), ("west", "firewall", 10, 255, 62)),
    *(("firewall", "west", 10, 254, 62), ("west", "east", 10, 254, 61)),
    *(("east", "monitor", 10, 254, 60), ("monitor", "east", 10, 253, 60)),
    ("east", "end", 10, 253, 59),
)
"""Sender, receiver, service path identifier, service index and TTL on each cable."""
PATIENCE_S = 10.0


def play_chain(stage: Stage, client: LocalClient, digest: str) -> list[Attempt]:
    """Start the chain, try what it lets pass, show one packet's way, end it."""
    host = stage.add_host("cables")
    host.keep_silent()
    cables = Cables(host, CABLES)
    try:
        for name in PACKAGES:
            _start(stage, cables, name)
        cables.plug()
        stage.client.configure(LINK, THROUGH["client"])
        stage.server.configure(LINK, THROUGH["server"])
        return _try_everything(stage, client, cables)
    finally:
        cables.close()
        asyncio.run(_end(client))


def _start(stage: Stage, cables: Cables, name: str) -> None:
    package, values = PACKAGES[name]
    bindings = cables.bindings(name)
    for end, at in (("classifier", stage.client), ("end", stage.server)):
        if name == end:
            bindings["host"] = f"netns:{at.name}:{LINK}"
    command = weft_command("run", str(HERE / package), "-d", "--name", name)
    for interface, joined in bindings.items():
        command += ["--interface", f"{interface}={joined}"]
    for key, value in values.items():
        command += ["--set", f"{key}={value}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _try_everything(stage: Stage, client: LocalClient, cables: Cables) -> list[Attempt]:
    server = THROUGH["server"]
    answered = ping(stage, server)
    passed_by = not _seen(client)
    attempts = [
        Attempt("ping through the chain", "answered", answered),
        Attempt("ping went past the monitor", "yes", "yes" if passed_by else "no"),
        Attempt("port 22 through the chain", "timed out", connect(stage, server, 22)),
        Attempt("port 80: curl a page", "the page", page(stage, server, 80)),
    ]
    hops = _one_packet(stage, cables)
    print_hops([hop.row for hop in hops])
    ways = tuple((hop.sender, hop.receiver, hop.spi, hop.si, hop.ttl) for hop in hops)
    counts = _seen(client)
    refused = int(asyncio.run(client.read("firewall", "web/refused.count")))
    return [
        *attempts,
        Attempt(
            "one packet's way and headers", "as drawn", "as drawn" if ways == ROUTE else str(ways)
        ),
        at_least("the firewall refused", 1, refused),
        at_least("the monitor counted on path 10", 4, counts.get("10", 0)),
        at_least("the monitor counted on path 11", 4, counts.get("11", 0)),
    ]


def _seen(client: LocalClient) -> Mapping[str, int]:
    """Packets that the monitor has counted, by service path."""
    seen: dict[str, int] = json.loads(asyncio.run(client.read("monitor", "monitor.seen")))
    return seen


def _one_packet(stage: Stage, cables: Cables) -> list[Hop]:
    """Send a packet of TCP from the client, and follow it on all cables until it is at the end."""
    inner = _segment()
    cables.look()
    with stage.client.namespace.entered():
        handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    with handle:
        handle.bind((LINK, 0))
        handle.send(inner)
    hops: list[Hop] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(hops) < len(ROUTE) and time.monotonic() < deadline:
        hops += hops_of(inner, cables.look())
        time.sleep(0.01)
    return sorted(hops, key=lambda hop: (-hop.si, -hop.ttl))


def _segment() -> bytes:
    """A frame to the server's port 80 that opens nothing: a segment without flags."""
    addresses = socket.inet_aton(THROUGH["client"]) + socket.inet_aton(THROUGH["server"])
    ports = (54321).to_bytes(2, "big") + (80).to_bytes(2, "big")
    segment = ports + bytes(8) + b"\x50\x00\x20\x00" + bytes(4)
    head = bytes.fromhex("4500002800010000400600000000")[:12] + addresses
    total = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, 20, 2))
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:10] + (~total & 0xFFFF).to_bytes(2, "big") + head[12:]
    return b"\x02\x00\x00\x00\x00\x0e\x02\x00\x00\x00\x00\x0c\x08\x00" + head + segment


async def _end(client: LocalClient) -> None:
    for name in PACKAGES:
        await client.remove(name, missing_ok=True)
