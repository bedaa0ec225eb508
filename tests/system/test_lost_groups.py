"""Process 1 is killed at many moments of a start: nothing of the function is left, its groups included."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from tests.support.relay import SAME
from tests.support.running import wait_until
from weft.server.groups import group_name, lost_groups, remove_lost_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

MANIFEST = """weft: 1
vnf: limited
version: 1.0.0
interfaces: [in]
components:
  same: {framework: python, file: same.py, resources: {cpu: 0.5, memory: 64MiB}}
resources: {cpu: 1, memory: 256MiB}
path: |
  in -> same -> in
"""
NOTHING: tuple[object, ...] = ([], [], {}, [])
ROOT = Path("/sys/fs/cgroup")
PATIENCE_S = 20.0
# What a start makes, one after the other; the last is there when it is done.
SIGNS = ("log", "init.sock", "control.sock", "state.json")


def inits(mark: str) -> list[int]:
    """The processes that make a function's sandbox: the outer one, and process 1."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if b"--run-dir" in command and mark.encode() in command:
                found.append(int(folder.name))
    return found


def kill_inits(mark: str) -> None:
    for pid in inits(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "vnf.yaml").write_text(MANIFEST)
    (tmp_path / "same.py").write_text(SAME)
    return tmp_path


def moments(weft: Weft) -> Iterator[tuple[str, Callable[[], bool]]]:
    """What may be seen of a start, from early to late."""
    for sign in SIGNS:
        yield sign, lambda sign=sign: any(weft.run_directory.glob(f"*/{sign}"))  # type: ignore[misc]
    yield "two processes", lambda: len(inits(str(weft.run_directory))) > 1


def test_an_init_killed_at_any_moment_leaves_nothing(
    weft: Weft, make_host: Callable[[str], Host], package: Path
) -> None:
    host, mark, before = make_host("left"), str(weft.run_directory), set(lost_groups())

    def lost() -> list[Path]:
        return [group for group in lost_groups() if group not in before]

    for number, (name, has_come) in enumerate(moments(weft)):
        running = weft.popen("run", str(package), "-d", "-i", f"in=netns:{host.name}:eth0")
        deadline = time.monotonic() + PATIENCE_S
        while not has_come() and running.poll() is None:
            assert time.monotonic() < deadline, name
        if number % 2:
            running.kill()
        kill_inits(mark)
        running.communicate(timeout=PATIENCE_S)
        kill_inits(mark)  # one that was started only then
        wait_until(lambda: inits(mark), [])
        wait_until(lambda: (weft.ps(), weft.folders(), host.links(), lost()), NOTHING)


@pytest.mark.usefixtures("_root")
def test_a_group_without_a_process_is_removed_and_others_are_kept() -> None:
    parent = next(path for path in (ROOT / "memory", ROOT) if (path / "cgroup.procs").exists())
    lost, foreign = parent / group_name(uuid4()), parent / "weft-of-somebody"
    try:
        (lost / "component.a").mkdir(parents=True)
        foreign.mkdir()
        remove_lost_groups()
        assert (lost.exists(), foreign.exists()) == (False, True)
    finally:
        foreign.rmdir()
