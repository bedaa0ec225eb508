"""The example of a service chain: what it tells of a packet is on the wire, and it leaves nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.leftovers import left_of
from tests.support.nsh import nsh
from weft.client import local_client
from weft.errors import UsageError
from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tests.system.conftest import Weft

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "nsh-chain"
COMMAND = [sys.executable, str(EXAMPLE)]
PATIENCE_S = 30.0
ETHERNET_BYTES = 14
ETH_P_ALL = 3
ROUTE = [
    ("classifier", "west"),
    ("west", "firewall"),
    ("firewall", "west"),
    ("west", "east"),
    ("east", "monitor"),
    ("monitor", "east"),
    ("east", "end"),
    ("end", "server"),
]

pytestmark = pytest.mark.usefixtures("_root")


class Tap:
    """Sees the frames on a device; those that leave by it go to `left`, the others to `right`."""

    def __init__(self, host: Any, device: str, left: str, right: str) -> None:
        with host.namespace.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind((device, ETH_P_ALL))
        self.socket.setblocking(False)
        self._ends = (left, right)

    def seen(self, inner: bytes) -> Iterator[tuple[tuple[str, str], bytes]]:
        """Sender, receiver and frame, of frames with this one inside."""
        while True:
            try:
                frame, where = self.socket.recvfrom(65536)
            except BlockingIOError:
                return
            if frame.endswith(inner):
                outgoing = where[2] == socket.PACKET_OUTGOING
                yield (self._ends[::-1] if outgoing else self._ends), frame


@pytest.fixture
def chain(weft: Weft, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The example's module, whose functions get a run directory of their own."""
    monkeypatch.syspath_prepend(EXAMPLE)
    monkeypatch.setenv("WEFT_RUN_DIR", str(weft.run_directory))
    yield import_module("chain")
    for name in ("chain", "hops", "hosts"):
        sys.modules.pop(name, None)


def test_what_the_traces_tell_is_on_the_wire(chain: ModuleType, tmp_path: Path) -> None:
    hops, frames = asyncio.run(told_and_seen(chain, tmp_path))
    assert [(hop.sender, hop.receiver) for hop in hops] == ROUTE
    told = {
        (hop.sender, hop.receiver): chain.segment()
        if hop.header is None
        else nsh(
            hop.header.spi,
            hop.header.si,
            ttl=hop.header.ttl,
            next_protocol=3,
            metadata=bytes.fromhex(hop.header.context),
        )
        + chain.segment()
        for hop in hops
    }
    on_the_wire = {
        ends: frame if frame == chain.segment() else frame[ETHERNET_BYTES:]
        for ends, frame in frames.items()
    }
    assert on_the_wire == told


async def told_and_seen(
    chain: ModuleType, folder: Path
) -> tuple[list[Any], dict[tuple[str, str], bytes]]:
    """The hops that the example follows a packet on, and the frames on all cables meanwhile."""
    async with chain.Chain(local_client(), folder) as running:
        with ExitStack() as stack:
            taps = [
                Tap(running.cables, f"{cable.name}a", cable.left[0], cable.right[0])
                for cable in chain.CABLES
            ]
            taps.append(Tap(running.server, chain.LINK, "end", "server"))
            for tap in taps:
                stack.enter_context(tap.socket)
            hops = await running.one_packet()
            frames: dict[tuple[str, str], bytes] = {}
            deadline = time.monotonic() + PATIENCE_S
            while len(frames) < len(ROUTE) and time.monotonic() < deadline:
                for tap in taps:
                    frames.update(tap.seen(chain.segment()))
                await asyncio.sleep(0.01)
            return hops, frames


def test_it_prints_what_guide_and_readme_show() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    tables = done.stdout.split("\n\n")
    assert [line.split()[-1] for line in tables[1].splitlines()[2:]] == ["ok"] * 9
    for paper in (EXAMPLE / "README.md", ROOT / "docs" / "guides" / "service-chains.md"):
        [shown] = re.findall(r"^(?:    )?(from  .*\n(?:.+\n)+)", paper.read_text(), re.MULTILINE)
        lines = [line.removeprefix("    ") for line in shown.splitlines() if line != "```"]
        assert lines == tables[0].splitlines(), paper


def began() -> subprocess.Popen[str]:
    return subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupted(example: subprocess.Popen[str], number: signal.Signals) -> None:
    example.send_signal(number)
    _, complaint = example.communicate(timeout=60)
    assert (example.returncode, complaint) == (
        128 + number,
        "nsh-chain: interrupted; everything was taken away\n",
    )
    assert left_of(f"weft-nsh-chain-{example.pid}") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_while_functions_start_it_leaves_nothing(number: signal.Signals) -> None:
    example = began()
    deadline = time.monotonic() + PATIENCE_S
    while not (NETNS_FOLDER / f"weft-nsh-chain-{example.pid}-cables").exists():
        assert example.poll() is None, example.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    interrupted(example, number)


def test_interrupted_while_it_tries_connections_it_leaves_nothing() -> None:
    example = began()
    assert example.stdout is not None
    assert example.stdout.readline().startswith("from ")
    interrupted(example, signal.SIGINT)


def test_where_the_fifth_function_cannot_start_the_others_end(
    chain: ModuleType, weft: Weft, tmp_path: Path
) -> None:
    chain.PACKAGES["monitor"] = ("nowhere", {})

    async def enter() -> None:
        async with chain.Chain(local_client(), tmp_path):
            pytest.fail("the chain began without its monitor")

    with pytest.raises(UsageError):
        asyncio.run(enter())
    assert weft.folders() == []
    assert left_of(f"weft-nsh-chain-{os.getpid()}") == []


def test_interrupted_on_the_way_back_it_goes_to_the_end(
    chain: ModuleType, weft: Weft, tmp_path: Path
) -> None:
    async def leave() -> None:
        running = await chain.Chain(local_client(), tmp_path).__aenter__()
        leaving = asyncio.create_task(running.__aexit__(None, None, None))
        await asyncio.sleep(0)
        leaving.cancel()
        await leaving

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(leave())
    assert weft.folders() == []
    assert left_of(f"weft-nsh-chain-{os.getpid()}") == []


def test_where_a_function_cannot_start_it_says_why_and_leaves_nothing() -> None:
    example = subprocess.Popen(
        COMMAND,
        env={**os.environ, "WEFT_ENGINE": "/nowhere"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    printed, complaint = example.communicate(timeout=60)
    assert (example.returncode, printed) == (1, "")
    assert complaint == "nsh-chain: cannot run '/nowhere': No such file or directory\n"
    assert left_of(f"weft-nsh-chain-{example.pid}") == []


def test_arguments_are_refused() -> None:
    done = subprocess.run([*COMMAND, "fast"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "nsh-chain: 'fast': takes no arguments\n")
