"""The sandbox `process`, with an init that says what a test wants."""

from __future__ import annotations

import asyncio
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from weft.errors import StartError
from weft.server.namespaces import Namespace
from weft.server.sandboxes.process import ProcessSandbox

if TYPE_CHECKING:
    from pathlib import Path

INIT = """\
#!{python}
import os, pathlib, sys
told = os.fdopen(int(sys.argv[sys.argv.index("--report-fd") + 1]), "wb", buffering=0)
assert os.path.samestat(os.fstat(int(sys.argv[-1])), os.stat("/proc/self/ns/net"))
pathlib.Path(__file__).with_name("pid").write_text(str(os.getpid()))
told.write(b'{{"event":"sandbox","pid":%d}}\\n' % os.getpid())
{further}
"""
FAILED = """told.write(b'{"event":"failed","stage":"component","errors":["no room","none"]}\\n')"""


@pytest.mark.parametrize(
    ("further", "stage", "lines"),
    [
        (FAILED, "component", ["no room", "none"]),
        # What it printed is in the log.
        ("print('out of memory', flush=True)", "running", ["out of memory"]),
        ("", "running", ["init ended without a word"]),
    ],
    ids=["failed", "printed", "silent"],
)
def test_one_that_is_gone_before_the_start_has_said_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, further: str, stage: str, lines: list[str]
) -> None:
    script = tmp_path / "init"
    script.write_text(INIT.format(python=sys.executable, further=further))
    script.chmod(0o755)
    monkeypatch.setenv("WEFT_ENGINE", str(script))
    folder: Any = SimpleNamespace(path=tmp_path, log=tmp_path / "log")
    sandbox = ProcessSandbox(folder, "gate")

    async def start() -> None:
        try:
            with Namespace.current() as network:
                await sandbox.open(network)
            pid = int((tmp_path / "pid").read_text())
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            await sandbox.start()
        finally:
            await sandbox.cancel()

    with pytest.raises(StartError) as caught:
        asyncio.run(start())
    assert (caught.value.stage, list(caught.value.lines)) == (stage, lines)
