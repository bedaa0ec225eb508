"""The demo takes everything away again when it is interrupted."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from demo.__main__ import main
from weft.server.namespaces import NETNS_FOLDER

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ROOT = Path(__file__).resolve().parents[2]


def left_of(demo: subprocess.Popen[str]) -> list[str]:
    """What there still is of a demo: namespaces, files, processes that work for it."""
    mark = f"weft-demo-{demo.pid}"
    places = (NETNS_FOLDER, Path("/run"), Path(tempfile.gettempdir()))
    left = [str(path) for place in places for path in place.iterdir() if mark in path.name]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes():
                left.append(str(folder))
    return left


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
    assert left_of(demo) == []


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
    assert left_of(demo) == []


@pytest.mark.usefixtures("_root")
def test_a_service_chain_shows_a_packet_after_each_hop() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "demo", "chain"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert (shown.returncode, shown.stderr) == (0, ""), shown.stdout
    rows = [line.split()[:5] for line in shown.stdout.splitlines()]
    first = rows.index(["from", "to", "SPI", "SI", "TTL"]) + 2
    assert rows[first : first + 7] == [
        ["classifier", "west", "10", "255", "63"],
        ["west", "firewall", "10", "255", "62"],
        ["firewall", "west", "10", "254", "62"],
        ["west", "east", "10", "254", "61"],
        ["east", "monitor", "10", "254", "60"],
        ["monitor", "east", "10", "253", "60"],
        ["east", "end", "10", "253", "59"],
    ]


def test_an_act_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["firewall", "router"]) == 2
    complaint = "demo: there is no act 'router'; there are: firewall, inspector, chain\n"
    assert capsys.readouterr().err == complaint


def test_an_interruption_before_anything_is_there_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("demo.__main__.sweep", lambda: os.kill(os.getpid(), signal.SIGINT))
    try:
        assert main() == 130
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err == "demo: interrupted; everything was taken away\n"
