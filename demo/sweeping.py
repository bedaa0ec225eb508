"""Taking away what a program left that was killed before it could do so itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import signal
import tempfile
from pathlib import Path

from weft.server.local_agent import LocalAgent
from weft.server.namespaces import NETNS_FOLDER
from weft.server.rundir import RunDirectory

__all__ = ["sweep"]


def sweep(prefix: str) -> None:
    """Remove what is called `prefix` and the id of a process that has ended, and end what runs in it.

    Namespaces of this process go, too: a signal may come between making one and writing it down.
    """
    from pyroute2 import netns

    for folder in _left(Path("/run"), prefix):
        asyncio.run(_remove_functions(folder))
        shutil.rmtree(folder, ignore_errors=True)
    for folder in _left(Path(tempfile.gettempdir()), prefix):
        shutil.rmtree(folder, ignore_errors=True)
    for place in _left(NETNS_FOLDER, prefix, os.getpid()):
        _end_programs(place)
        netns.remove(place.name)


def _end_programs(namespace: Path) -> None:
    """End what runs in a namespace, but for this process, which may just be in it."""
    wanted = namespace.stat().st_ino
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) != os.getpid() and (folder / "ns/net").stat().st_ino == wanted:
                os.kill(int(folder.name), signal.SIGKILL)


def _left(place: Path, prefix: str, also: int = 0) -> list[Path]:
    """What lies there of processes that have ended, or of the process `also`."""
    owned = re.compile(rf"{re.escape(prefix)}(\d+)(?:-.*)?")
    there = list(place.iterdir()) if place.is_dir() else []
    owners = [(path, int(match[1])) for path in there if (match := owned.fullmatch(path.name))]
    return [path for path, pid in owners if pid == also or not Path(f"/proc/{pid}").exists()]


async def _remove_functions(run_directory: Path) -> None:
    agent = LocalAgent(RunDirectory(run_directory))
    for facts, _ in await agent.functions():
        await agent.remove("sweep", facts.uuid)
