"""The demo takes everything away again when it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.cable import PREFIX as BENCH_PREFIX
from demo.__main__ import main
from demo.stage import PREFIX, Host
from demo.sweeping import sweep
from tests.support.leftovers import left_of
from tests.support.running import wait_until
from weft.server.namespaces import NETNS_FOLDER

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.usefixtures("_root")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(number: signal.Signals) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    mark = f"weft-demo-{demo.pid}"
    deadline = time.monotonic() + 30
    while not (NETNS_FOLDER / f"{mark}-server").exists():
        assert demo.poll() is None, demo.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    demo.send_signal(number)
    _, complaint = demo.communicate(timeout=60)
    assert (demo.returncode, complaint) == (
        130,
        "demo: interrupted; everything was taken away\n",
    )
    assert left_of(f"weft-demo-{demo.pid}") == []


def await_run_directory(program: subprocess.Popen[str], mark: str) -> None:
    deadline = time.monotonic() + 30
    while not any(Path("/run").glob(f"{mark}/*/state.json")):
        assert program.poll() is None, program.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.usefixtures("_root")
@pytest.mark.parametrize(
    ("module", "arguments", "prefix"),
    [("demo", ("firewall",), PREFIX), ("bench", ("idle", "--smoke"), BENCH_PREFIX)],
)
def test_what_a_killed_one_left_is_taken_away(
    module: str, arguments: tuple[str, ...], prefix: str
) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    await_run_directory(killed, f"{prefix}{killed.pid}")
    killed.kill()
    killed.communicate()
    assert left_of(f"{prefix}{killed.pid}") != []
    sweep(prefix)
    wait_until(lambda: left_of(f"{prefix}{killed.pid}"), [])


@pytest.mark.usefixtures("_root")
def test_a_demo_interrupted_while_it_kills_processes_leaves_nothing() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "demo", "inspector"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("$ weft read inspector flows.top"):
            break  # now traffic flows, and the engine is killed
    demo.send_signal(signal.SIGINT)
    _, complaint = demo.communicate(timeout=60)
    assert demo.returncode == 130, complaint
    assert complaint.endswith("demo: interrupted; everything was taken away\n")
    assert left_of(f"weft-demo-{demo.pid}") == []


@pytest.mark.usefixtures("_root")
def test_a_demo_interrupted_while_it_measures_leaves_nothing() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-u", "-m", "demo", "case-study"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    for line in demo.stdout:
        if line.startswith("round 1:"):
            break
    demo.send_signal(signal.SIGTERM)
    _, complaint = demo.communicate(timeout=60)
    assert demo.returncode == 130, complaint
    assert complaint.endswith("demo: interrupted; everything was taken away\n")
    for mark in (f"weft-demo-{demo.pid}", f"weft-components-{demo.pid}"):
        assert left_of(mark) == []


@pytest.mark.usefixtures("_root")
def test_a_program_whose_start_is_interrupted_ends_with_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def start_interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start(*arguments, **options))
        os.kill(os.getpid(), signal.SIGINT)
        return started[-1]

    host = Host(f"weft-demo-{os.getpid()}-test")
    try:
        with monkeypatch.context() as patched:
            patched.setattr("subprocess.Popen", start_interrupted)
            with pytest.raises(KeyboardInterrupt):
                host.serve("sleep", "100")
    finally:
        host.close()
    [program] = started
    assert program.returncode == -signal.SIGKILL


def test_an_act_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["firewall", "router"]) == 2
    complaint = "demo: there is no act 'router'; there are: firewall, case-study, inspector\n"
    assert capsys.readouterr().err == complaint


def test_an_interruption_before_anything_is_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("demo.__main__.sweep", lambda _prefix: os.kill(os.getpid(), signal.SIGINT))
    try:
        assert main() == 130
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err == "demo: interrupted; everything was taken away\n"
