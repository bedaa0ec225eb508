"""The second act: one function in ten combinations of analyzer and packet filter, and what each costs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from demo.attempts import Attempt, handshake, page
from demo.stage import DIRECT, THROUGH
from weft.bench.campaign import Campaign, Watcher
from weft.bench.plan import ANALYZERS, FILTERS, Combination, Plan
from weft.bench.table import print_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.stage import Stage
    from weft.client import Client

__all__ = ["play_case_study"]

PACKAGE = Path(__file__).resolve().parent.parent / "functions" / "l7-firewall"
NAME = LINK = "l7-firewall"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_COMBINATIONS = tuple(
    Combination(analyzer, language) for analyzer in ANALYZERS for language in FILTERS
)


def play_case_study(stage: Stage, client: Client, _digest: str) -> list[Attempt]:
    """Start it, try what it lets pass, end it; then a short measurement of all its combinations."""
    with _kept_cache():
        request = client.prepare(
            str(PACKAGE),
            NAME,
            [f"in=netns:{stage.client.name}:{LINK}", f"out=netns:{stage.server.name}:{LINK}"],
            {},
        )
        asyncio.run(client.run(request))
        stage.client.configure(LINK, THROUGH["client"])
        stage.server.configure(LINK, THROUGH["server"])
        attempts = _try_everything(stage, client)
        asyncio.run(client.remove(NAME))
        plan = Plan(_COMBINATIONS, repeat=10, most=10, interval=1.0, requests=20)
        campaign = Campaign(plan, PACKAGE, _Teller())
        _run(campaign)
    print()
    print_results(campaign)
    measured = f"{len(campaign.series) - 1} of {len(_COMBINATIONS)}"
    return [*attempts, Attempt("combinations measured", "10 of 10", measured)]


def _run(campaign: Campaign) -> None:
    """Measure. A signal cancels it: an exception out of a signal would tear the event loop."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    async def cancelled_by_signals() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, _once(task))
        await campaign.run(all_needed=False)

    try:
        asyncio.run(cancelled_by_signals())
    except asyncio.CancelledError:
        before = dict.fromkeys(_SIGNALS, signal.SIG_IGN)  # once is enough
        raise KeyboardInterrupt from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _once(task: asyncio.Task[None]) -> Callable[[], None]:
    """Cancels a task, unless it is on its way back already."""

    def cancel() -> None:
        if not task.cancelling():
            task.cancel()

    return cancel


class _Teller(Watcher):
    """What is left out is a reason to be told."""

    def say(self, line: str) -> None:
        if "left out" in line or line == "round 1: 11 to measure":
            print(f"\n{line}", flush=True)


def _try_everything(stage: Stage, client: Client) -> list[Attempt]:
    server = THROUGH["server"]
    attempts = [
        Attempt("L7 firewall: curl a page", "the page", page(stage, server, 80)),
        Attempt(
            "a fingerprint without the function",
            "heard",
            handshake(stage, DIRECT["server"], _greeting()),
        ),
        Attempt(
            "a fingerprint through the function",
            "not heard",
            handshake(stage, server, _greeting()),
        ),
    ]
    found = asyncio.run(client.read(NAME, "analyzer.found")).decode().strip()
    is_found = "yes" if found.startswith('{"skype-like":') and not found.endswith(":0}") else found
    return [*attempts, Attempt("Scapy found it", "yes", is_found)]


def _greeting() -> bytes:
    """Made up, with the fingerprint of signatures.toml: its last 16 bytes come again."""
    head = bytes.fromhex("80 46 01 03 01 00 2d 00 00 00 10 00 00 05 00 00 04 00 00 0a")
    nonce = bytes(range(100, 116))
    return head + bytes(range(200, 236)) + nonce + b"\r\n\r\n" + nonce


@contextlib.contextmanager
def _kept_cache() -> Iterator[None]:
    """Scapy is fetched once, into the cache that functions have as a rule, and stays there."""
    own = os.environ.pop("WEFT_CACHE_DIR")
    try:
        yield
    finally:
        os.environ["WEFT_CACHE_DIR"] = own
