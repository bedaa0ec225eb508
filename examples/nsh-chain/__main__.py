"""python examples/nsh-chain: exit status 0 only if all was as it should be."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chain import PREFIX, SERVER, WAY, Chain
from weft.client import local_client
from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hops import Hop
    from hosts import Host

_PAGE = b"hello from the web server\n"


class Attempt(NamedTuple):
    """What was tried, what should happen, and what happened."""

    tried: str
    should: str
    happened: str

    @property
    def as_it_should(self) -> bool:
        """Whether what should happen did."""
        return self.should == self.happened


def main(arguments: Sequence[str] = ()) -> int:
    """Run the chain; whatever happens, take everything away again."""
    if arguments:
        print(f"nsh-chain: '{arguments[0]}': takes no arguments", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("nsh-chain: needs root, for network namespaces: sudo make example", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_until_interrupted())
    except (WeftError, OSError) as error:
        print(f"nsh-chain: {error}", file=sys.stderr)
        if hint := getattr(error, "hint", None):
            print(f"nsh-chain: hint: {hint}", file=sys.stderr)
        return 1


async def _until_interrupted() -> int:
    """Show it, or go back at the first signal; a second one does not disturb the way back."""
    task = asyncio.current_task()
    assert task is not None
    signals: list[signal.Signals] = []

    def interrupt(number: signal.Signals) -> None:
        if not signals:
            task.cancel()
        signals.append(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupt, number)
    try:
        with _own_folder() as folder:
            return await _show(folder)
    except asyncio.CancelledError:
        print("nsh-chain: interrupted; everything was taken away", file=sys.stderr)
        return 128 + signals[0]


@contextlib.contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder, and a run directory apart from that of other functions on this server."""
    name = f"{PREFIX}{os.getpid()}"
    run_directory = Path("/run") / name
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-"))
    os.environ["WEFT_RUN_DIR"] = str(run_directory)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run_directory, ignore_errors=True)


async def _show(folder: Path) -> int:
    pages = folder / "pages"
    pages.mkdir()
    (pages / "hello").write_bytes(_PAGE)
    async with Chain(local_client(), pages) as chain:
        attempts = [
            Attempt("ping through the chain", "answered", await _ping(chain)),
            Attempt("ping went past the monitor", "yes", "no" if await chain.seen() else "yes"),
        ]
        hops = await chain.one_packet()
        _print_hops(hops)
        drawn = "as drawn" if tuple(hops) == WAY else "otherwise"
        attempts.append(Attempt("one packet's way and headers", "as drawn", drawn))
        attempts += await _connections(chain)
    print()
    rows = [(*attempt, "ok" if attempt.as_it_should else "WRONG") for attempt in attempts]
    _print_rows(("tried", "should happen", "happened", ""), rows)
    return 0 if all(attempt.as_it_should for attempt in attempts) else 1


async def _connections(chain: Chain) -> list[Attempt]:
    """The web passes, and is counted both ways; another port is refused."""
    itself = await _page(chain.server, "127.0.0.1", 22)
    refused = await _page(chain.client, SERVER, 22, most_s=1)
    passed = await _page(chain.client, SERVER, 80)
    attempts = [
        Attempt("port 22 on the server itself", "the page", itself),
        Attempt("port 22 through the chain", "timed out", refused),
        Attempt("port 80 through the chain", "the page", passed),
    ]
    seen = await chain.seen()
    return [
        *attempts,
        _at_least("the firewall refused", 1, await chain.refused()),
        _at_least("the monitor counted on path 10", 5, seen.get("10", 0)),
        _at_least("the monitor counted on path 11", 4, seen.get("11", 0)),
    ]


def _at_least(what: str, least: int, count: int) -> Attempt:
    """What was counted; trying again may have counted it more than once."""
    should = f"at least {least}"
    return Attempt(what, should, should if count >= least else str(count))


async def _ping(chain: Chain) -> str:
    status, _ = await chain.client.run("ping", "-n", "-c", "1", "-W", "5", SERVER)
    return {0: "answered", 1: "no answer"}.get(status, f"ping status {status}")


async def _page(host: Host, address: str, port: int, most_s: int = 10) -> str:
    url = f"http://{address}:{port}/hello"
    status, page = await host.run("curl", "-s", "--max-time", str(most_s), url)
    if status == 0:
        return "the page" if page == _PAGE else f"{len(page)} other bytes"
    return "timed out" if status == 28 else f"curl status {status}"


def _print_hops(hops: Sequence[Hop]) -> None:
    none = ("-", "-", "-", "no header")
    rows = [(hop.sender, hop.receiver, *map(str, hop.header or none)) for hop in hops]
    _print_rows(("from", "to", "SPI", "SI", "TTL", "context"), rows)


def _print_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = zip(row, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
