"""python -m demo: exit status 0 only if everything was as it should be and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from demo.attempts import Attempt, make_files, try_everything
from demo.leftovers import leftovers, snapshot
from demo.measure import Sample, connect_times_us, first_ping
from demo.report import print_counters, print_figures, print_table
from demo.stage import THROUGH, Stage, sweep
from weft.client import local_client
from weft.errors import WeftError

if TYPE_CHECKING:
    from types import FrameType

    from weft.client import LocalClient
    from weft.model.function import FunctionFacts, FunctionRequest

PACKAGE = Path(__file__).resolve().parent.parent / "functions" / "stateless-firewall"
OWN_ADDRESS = "10.77.2.254"
OWN_MAC = "02:00:00:00:00:fe"
LINK = "firewall"
WARM_STARTS = 5
COMMAND_STARTS = 3
CONNECT_ROUNDS = 200


def main() -> int:
    """Run the demo; whatever happens, take everything away again."""
    if os.geteuid() != 0:
        print("demo: needs root, for network namespaces: sudo make demo", file=sys.stderr)
        return 1
    _handle_signals()
    try:
        sweep()
        before = snapshot()
        attempts = _show()
    except KeyboardInterrupt:
        print("demo: interrupted; everything was taken away", file=sys.stderr)
        return 130
    except (WeftError, OSError, subprocess.SubprocessError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    left = leftovers(before)
    attempts.append(Attempt("what is left behind", "nothing", ", ".join(left) or "nothing"))
    print_table(attempts)
    return 0 if all(attempt.as_it_should for attempt in attempts) else 1


def _handle_signals() -> None:
    owner = os.getpid()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if os.getpid() != owner:  # a child, forked to make a namespace: taking away is not its work
            os._exit(130)
        _interrupt()

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, interrupt)


def _interrupt() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough; the way back is not disturbed
    raise KeyboardInterrupt


def _show() -> list[Attempt]:
    run_directory = Path("/run") / f"weft-demo-{os.getpid()}"
    os.environ["WEFT_RUN_DIR"] = str(run_directory)
    folder = Path(tempfile.mkdtemp(prefix="weft-demo-"))
    try:
        digest = make_files(folder)
        with Stage(folder) as stage:
            client = local_client()
            try:
                return _play(stage, client, digest)
            finally:
                asyncio.run(_remove_all(client))
    finally:
        sweep()  # a signal may come between making a namespace and writing it down
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run_directory, ignore_errors=True)


def _play(stage: Stage, client: LocalClient, digest: str) -> list[Attempt]:
    stage.open_services()
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
    attempts = try_everything(stage, OWN_ADDRESS, digest)
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


def _warm_starts(stage: Stage, client: LocalClient, request: FunctionRequest) -> Sample:
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


def _command_starts(stage: Stage, client: LocalClient) -> Sample:
    """The same from the command line."""
    times = []
    for _ in range(COMMAND_STARTS):
        start = time.perf_counter()
        facts = _start_by_command(stage, client)
        times.append((first_ping(stage.client, LINK, OWN_MAC, OWN_ADDRESS) - start) * 1e3)
        asyncio.run(client.remove(facts.name))
    return Sample(times)


def _start_by_command(stage: Stage, client: LocalClient) -> FunctionFacts:
    command = [
        *(str(Path(sys.executable).with_name("weft")), "run", str(PACKAGE), "-d"),
        *("--name", "firewall", "--set", f"ADDRESS={OWN_ADDRESS}", "--set", f"MAC={OWN_MAC}"),
        *("--interface", f"in=netns:{stage.client.name}:{LINK}"),
        *("--interface", f"out=netns:{stage.server.name}:{LINK}"),
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    facts, _ = asyncio.run(client.function("firewall"))
    return facts


async def _counters(client: LocalClient, name: str) -> dict[str, int]:
    """The packets passed and dropped, by the reason that each counter is named after."""
    elements = (await client.read(name, "list")).decode().split()[1:]
    names = [item for item in elements if item.startswith(("passed_", "dropped_", "answered_"))]
    return {item: int(await client.read(name, f"{item}.count")) for item in names}


def _expected_counters(counters: dict[str, int]) -> list[Attempt]:
    """One ping each; at least one try to connect to port 22."""
    return [
        Attempt("pings the function answered", "1", str(counters.get("answered_ping"))),
        Attempt("pings the function dropped", "1", str(counters.get("dropped_icmp"))),
        Attempt(
            "tries on port 22 dropped",
            "at least 1",
            "at least 1" if counters.get("dropped_tcp", 0) >= 1 else "0",
        ),
    ]


async def _remove_all(client: LocalClient) -> None:
    for facts, _ in await client.functions():
        await client.remove(str(facts.uuid), missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
