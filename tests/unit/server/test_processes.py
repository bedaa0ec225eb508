"""Finding a function's process 1 again, and waiting for it to end."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from weft.server.processes import process_one, wait_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that names the folder on its command line and ends when its input does."""
    code = "import sys; print('ready', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def remember(folder: Path, pid: object) -> None:
    (folder / "state.json").write_text(json.dumps({"pid": pid}))


def test_process_one_is_the_one_that_names_the_folder(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    remember(tmp_path, sleeper.pid)
    assert process_one(tmp_path) == sleeper.pid


def test_a_number_used_again_is_not_process_one(tmp_path: Path) -> None:
    remember(tmp_path, os.getpid())
    assert process_one(tmp_path) is None


@pytest.mark.parametrize("pid", [None, "x", 0, 2**40, [1]])
def test_what_is_no_process_is_none(tmp_path: Path, pid: object) -> None:
    remember(tmp_path, pid)
    assert process_one(tmp_path) is None


def test_no_state_is_no_process(tmp_path: Path) -> None:
    assert process_one(tmp_path) is None


def test_waiting_ends_with_the_process(sleeper: subprocess.Popen[bytes]) -> None:
    pidfd = os.pidfd_open(sleeper.pid)

    async def run() -> None:
        waiting = asyncio.create_task(wait_gone(pidfd, patience_s=None))
        await asyncio.sleep(0)
        assert not waiting.done()
        assert sleeper.stdin is not None
        sleeper.stdin.close()
        await asyncio.wait_for(waiting, 20)

    asyncio.run(run())
    os.close(pidfd)
    assert sleeper.wait(20) == 0


def test_patience_ends_by_force(sleeper: subprocess.Popen[bytes]) -> None:
    pidfd = os.pidfd_open(sleeper.pid)
    asyncio.run(wait_gone(pidfd, patience_s=0))
    os.close(pidfd)
    assert sleeper.wait(20) == -9
