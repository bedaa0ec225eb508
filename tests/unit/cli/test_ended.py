"""Commands that are ended half-way take their temporary files with them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """weft: 1
vnf: slow
version: 1.0.0
interfaces: [in]
components:
  same: {framework: c, file: same.c}
path: in -> same -> in
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_check_that_is_ended_leaves_no_temporary_file(
    tmp_path: Path, number: signal.Signals
) -> None:
    tools, scratch, package = (tmp_path / name for name in ("tools", "scratch", "package"))
    for folder in (tools, scratch, package):
        folder.mkdir()
    (package / "vnf.yaml").write_text(MANIFEST)
    (package / "same.c").write_text("int main(void) { return 0; }\n")
    compiler = tools / "cc"
    compiler.write_text(f"#!/bin/sh\ntouch {tmp_path}/begun\nexec sleep 100\n")
    compiler.chmod(0o755)
    checking = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from weft.cli.main import main; main()",
            "package",
            "check",
            package,
        ],
        env={
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "TMPDIR": str(scratch),
            "WEFT_CACHE_DIR": str(tmp_path / "cache"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert checking.poll() is None, checking.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert list(scratch.iterdir()) != []
    checking.send_signal(number)
    checking.communicate(timeout=30)
    assert checking.returncode == 128 + number
    assert list(scratch.iterdir()) == []
