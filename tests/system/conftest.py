"""What system tests stand on: real namespaces, a run directory of their own, the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.hosts import Host, can_make_namespaces
from tests.support.row import Engine, join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WEFT = [sys.executable, "-c", "from weft.cli.main import main; main()"]


class Weft:
    """The command line, with a run directory of its own."""

    def __init__(self, run_directory: Path) -> None:
        self.run_directory = run_directory
        self.data_directory = run_directory.with_name(f"{run_directory.name}-data")
        self.environment = {
            **os.environ,
            "WEFT_RUN_DIR": str(run_directory),
            "WEFT_DATA_DIR": str(self.data_directory),
        }
        # What brings a command to where it is to run.
        self.prefix: list[str] = []

    def __call__(self, *arguments: str, status: int = 0) -> str:
        """Run a command; what it printed, or on failure what it complained."""
        done = subprocess.run(
            [*self.prefix, *WEFT, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [*self.prefix, *WEFT, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ps(self) -> list[dict[str, Any]]:
        """The functions there are."""
        rows: list[dict[str, Any]] = json.loads(self("ps", "-o", "json"))
        return rows

    def folders(self) -> list[str]:
        """What lies in the run directory, but for its locks and the socket of a server."""
        if not self.run_directory.exists():
            return []
        names = (path.name for path in self.run_directory.iterdir())
        return sorted(name for name in names if name not in (".lock", ".api.lock", "api.sock"))


@pytest.fixture(scope="session")
def _root() -> None:
    if not can_make_namespaces():
        pytest.skip("needs root and network namespaces")


@pytest.fixture
def weft(_root: None) -> Iterator[Weft]:
    directory = Path("/run") / f"weft-test-{os.getpid()}"
    runner = Weft(directory)
    try:
        yield runner
        runner("off", "--all")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        shutil.rmtree(runner.data_directory, ignore_errors=True)


@pytest.fixture
def make_host(_root: None) -> Iterator[Callable[[str], Host]]:
    hosts: list[Host] = []

    def make(role: str) -> Host:
        hosts.append(Host(role))
        return hosts[-1]

    yield make
    for host in hosts:
        host.close()


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The package that `weft package init` makes."""
    monkeypatch.chdir(tmp_path)
    subprocess.run([*WEFT, "package", "init", "wire"], check=True, capture_output=True)
    return str(tmp_path / "wire")


@pytest.fixture
def hosts(make_host: Callable[[str], Host]) -> tuple[Host, Host, Host]:
    """Three hosts in a row, `left` on `a` - `a1` middle `b1` - `b` on right; offloads are on."""
    left, middle, right = (make_host(role) for role in ("left", "middle", "right"))
    for near, name in ((left, "a"), (right, "b")):
        join(near, name, middle)
    left.configure("a", "10.66.0.1")
    right.configure("b", "10.66.0.2")
    return left, middle, right


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Host, str], Engine]]:
    """Starts engines, which the test's end ends."""
    engines: list[Engine] = []

    def begin(host: Host, config: str) -> Engine:
        engines.append(Engine(host, config, tmp_path))
        return engines[-1]

    yield begin
    for engine in engines:
        if engine.process.poll() is None:
            engine.stop()
