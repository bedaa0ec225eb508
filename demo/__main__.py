"""python -m demo [ACT...]: exit status 0 only if all was as it should be and nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from demo.attempts import Attempt, make_files
from demo.case_study import play_case_study
from demo.firewall import play_firewall
from demo.inspector import play_inspector
from demo.leftovers import leftovers, snapshot
from demo.report import print_table
from demo.stage import PREFIX, Stage
from demo.sweeping import sweep
from weft.client import local_client
from weft.errors import WeftError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from weft.client import Client

ACTS = {
    "firewall": play_firewall,
    "case-study": play_case_study,
    "inspector": play_inspector,
}


def main(acts: Sequence[str] = ()) -> int:
    """Play these acts, or all; whatever happens, take everything away again."""
    unknown = [act for act in acts if act not in ACTS]
    if unknown:
        known = ", ".join(ACTS)
        print(f"demo: there is no act '{unknown[0]}'; there are: {known}", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("demo: needs root, for network namespaces: sudo make demo", file=sys.stderr)
        return 1
    _handle_signals()
    try:
        sweep(PREFIX)
        before = snapshot()
        attempts = _show(acts or list(ACTS))
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
    signal.signal(signal.SIGALRM, interrupt)
    sys.unraisablehook = _not_lost


def _not_lost(problem: sys.UnraisableHookArgs) -> None:
    """An interrupt that came where nothing can be raised, as while an object goes, comes once more."""
    if isinstance(problem.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, 0.001)
    else:
        sys.__unraisablehook__(problem)


def _interrupt() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough; the way back is not disturbed
    raise KeyboardInterrupt


def _show(acts: Sequence[str]) -> list[Attempt]:
    run_directory = Path("/run") / f"weft-demo-{os.getpid()}"
    os.environ["WEFT_RUN_DIR"] = str(run_directory)
    folder = Path(tempfile.mkdtemp(prefix=f"weft-demo-{os.getpid()}-"))
    folder.chmod(0o755)  # components read what was built for them
    os.environ["WEFT_CACHE_DIR"] = str(folder / "cache")
    try:
        digest = make_files(folder)
        with Stage(folder) as stage:
            client = local_client()
            try:
                stage.open_services()
                return [row for act in acts for row in ACTS[act](stage, client, digest)]
            finally:
                asyncio.run(_remove_all(client))
    finally:
        sweep(PREFIX)  # a signal may come between making a namespace and writing it down
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(run_directory, ignore_errors=True)


async def _remove_all(client: Client) -> None:
    for facts, _ in await client.functions():
        await client.remove(str(facts.uuid), missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
