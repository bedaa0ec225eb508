"""The first act: a firewall between the client and the web server, and what its starts take."""

from __future__ import annotations

import asyncio
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from demo.attempts import DOWNLOAD_BYTES, Attempt, at_least, connect, download, page, ping
from demo.measure import Sample, connect_times_us, first_ping
from demo.report import print_counters, print_figures
from demo.stage import DIRECT, THROUGH, weft_command

if TYPE_CHECKING:
    from demo.stage import Stage
    from weft.client import Client
    from weft.model.function import FunctionFacts, FunctionRequest

__all__ = ["play_firewall"]

PACKAGE = Path(__file__).resolve().parent.parent / "functions" / "stateless-firewall"
OWN_ADDRESS = "10.77.2.254"
OWN_MAC = "02:00:00:00:00:fe"
LINK = "firewall"
WARM_STARTS = 5
COMMAND_STARTS = 3
CONNECT_ROUNDS = 200


def play_firewall(stage: Stage, client: Client, digest: str) -> list[Attempt]:
    """Start it, try everything, print what it counted and what was measured, end it."""
    request = client.prepare(
        str(PACKAGE),
        "firewall",
        [f"in=netns:{stage.client.name}:{LINK}", f"out=netns:{stage.server.name}:{LINK}"],
        {"ADDRESS": OWN_ADDRESS, "MAC": OWN_MAC},
    )
    warm = _warm_starts(stage, client, request)
    command = _command_starts(stage, client)
    facts = _start_by_command(stage, client)
    stage.client.configure(LINK, THROUGH["client"])
    stage.server.configure(LINK, THROUGH["server"])
    attempts = _try_everything(stage, digest)
    counters = asyncio.run(_counters(client, facts.name))
    print_counters(counters)
    without, through = connect_times_us(stage.client, CONNECT_ROUNDS)
    _, status = asyncio.run(client.function(facts.name))
    print_figures(
        {
            "TCP connect without the function, us": str(without),
            "TCP connect through the function, us": str(through),
            "start call to first answered ping, ms": str(warm),
            "`weft run -d` to first answered ping, ms": str(command),
            "memory of the function, MiB": f"{(status.memory_bytes or 0) / 2**20:.1f}",
        }
    )
    asyncio.run(client.remove(facts.name))
    return [*attempts, *_expected_counters(counters)]


def _try_everything(stage: Stage, digest: str) -> list[Attempt]:
    server = THROUGH["server"]
    return [
        Attempt("ping the function itself", "answered", ping(stage, OWN_ADDRESS)),
        Attempt("ping the web server", "no answer", ping(stage, server)),
        Attempt("port 22 without the function", "connected", connect(stage, DIRECT["server"], 22)),
        Attempt("port 22 through the function", "timed out", connect(stage, server, 22)),
        Attempt("port 80: curl a page", "the page", page(stage, server, 80)),
        Attempt("port 443: curl a page", "the page", page(stage, server, 443)),
        Attempt(
            f"port 80: download {DOWNLOAD_BYTES // 10**6} MB",
            "whole, same SHA-256",
            download(stage, server, digest),
        ),
    ]


def _warm_starts(stage: Stage, client: Client, request: FunctionRequest) -> Sample:
    """Milliseconds from the call that starts a function to its first answer; the first is a rehearsal."""

    async def once() -> float:
        start = time.perf_counter()
        facts = await client.run(replace(request, uuid=uuid4()))
        taken_ms = (first_ping(stage.client, LINK, OWN_MAC, OWN_ADDRESS) - start) * 1e3
        await client.remove(facts.name)
        return taken_ms

    async def all_of_them() -> list[float]:
        return [await once() for _ in range(WARM_STARTS + 1)]

    return Sample(asyncio.run(all_of_them())[1:])


def _command_starts(stage: Stage, client: Client) -> Sample:
    """The same from the command line."""
    times = []
    for _ in range(COMMAND_STARTS):
        start = time.perf_counter()
        facts = _start_by_command(stage, client)
        times.append((first_ping(stage.client, LINK, OWN_MAC, OWN_ADDRESS) - start) * 1e3)
        asyncio.run(client.remove(facts.name))
    return Sample(times)


def _start_by_command(stage: Stage, client: Client) -> FunctionFacts:
    command = weft_command("run", str(PACKAGE), "-d", "--name", "firewall")
    command += ["--set", f"ADDRESS={OWN_ADDRESS}", "--set", f"MAC={OWN_MAC}"]
    subprocess.run([*command, *stage.joined(LINK)], check=True, stdout=subprocess.DEVNULL)
    facts, _ = asyncio.run(client.function("firewall"))
    return facts


async def _counters(client: Client, name: str) -> dict[str, int]:
    """The packets passed and dropped, by the reason that each counter is named after."""
    elements = (await client.read(name, "list")).decode().split()[1:]
    names = [item for item in elements if item.startswith(("passed_", "dropped_", "answered_"))]
    return {item: int(await client.read(name, f"{item}.count")) for item in names}


def _expected_counters(counters: dict[str, int]) -> list[Attempt]:
    """One ping each; at least one try to connect to port 22."""
    return [
        Attempt("pings the function answered", "1", str(counters.get("answered_ping"))),
        Attempt("pings the function dropped", "1", str(counters.get("dropped_icmp"))),
        at_least("tries on port 22 dropped", 1, counters.get("dropped_tcp", 0)),
    ]
