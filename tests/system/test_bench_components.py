"""`weft bench components` between real hosts: what it writes, and that nothing is left of it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.leftovers import left_of
from tests.system.conftest import WEFT
from weft.server.groups import lost_groups

COMMAND = [*WEFT, "bench", "components", "--analyzer", "numpy"]
SHORT = ["--repeat", "2", "--most", "2", "--requests", "5"]
PATIENCE_S = 60.0

pytestmark = pytest.mark.usefixtures("_root")


def bench(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *arguments, "--out", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def read(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "components.json").read_text())
    return document


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_round_trips_are_measured_through_functions_and_the_kernel(
    protocol: str, tmp_path: Path
) -> None:
    chosen = ["--filter", "click", "--filter", "python", "--protocol", protocol]
    running = bench(tmp_path, *SHORT, *chosen)
    printed, complaint = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 0, complaint
    for label in ("kernel forwarding", "numpy + click", "numpy + python"):
        assert label in printed
    names = {f"components.{suffix}" for suffix in ("csv", "json", "md", "png", "svg")}
    assert {path.name for path in tmp_path.iterdir()} == names
    document = read(tmp_path)
    assert document["complete"] is True
    assert document["parameters"]["protocol"] == protocol
    for row in document["results"]:
        assert row["count"] == 2
        assert row["median_us"] > 0
        # A request and its answer; TCP may send an acknowledgement apart.
        assert row["filter"] == "" or 2 <= row["packets"] <= 4
    with (tmp_path / "components.csv").open() as file:
        assert len(list(csv.reader(file))) == 1 + 3 * 2
    assert left_of(f"weft-components-{running.pid}") == []


def test_interrupted_it_leaves_nothing_and_writes_what_there_is(tmp_path: Path) -> None:
    running = bench(tmp_path, "--filter", "click", "--requests", "5", "--pause", "5")
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("weft: round 10:"):
            break
    running.send_signal(signal.SIGINT)
    _, complaint = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 128 + signal.SIGINT
    assert complaint.endswith("weft: interrupted; everything was taken away\n")
    assert left_of(f"weft-components-{running.pid}") == []
    document = read(tmp_path)
    assert document["complete"] is False
    assert {row["filter"] for row in document["results"]} == {"", "click"}


@pytest.mark.parametrize(
    ("number", "sign"),
    [
        (signal.SIGTERM, "netns/weft-components-{}-client"),
        (signal.SIGHUP, "weft-components-{}/functions/*"),
        (signal.SIGTERM, "weft-components-{}/functions/*/init.sock"),
        (signal.SIGINT, "weft-components-{}/functions/*/state.json"),
    ],
)
def test_ended_at_any_moment_it_leaves_nothing(
    number: signal.Signals, sign: str, tmp_path: Path
) -> None:
    before = set(lost_groups())
    running = bench(tmp_path, "--filter", "click", "--pause", "5")
    deadline = time.monotonic() + PATIENCE_S
    while not any(Path("/run").glob(sign.format(running.pid))):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
    running.send_signal(number)
    _, complaint = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 128 + number, complaint
    assert left_of(f"weft-components-{running.pid}") == []
    assert set(lost_groups()) <= before


def test_what_a_killed_one_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    first = bench(tmp_path, "--filter", "click", "--pause", "5")
    assert first.stderr is not None
    assert "starting numpy + click" in first.stderr.readline()
    first.kill()
    first.communicate()
    second = bench(tmp_path, *SHORT, "--filter", "click")
    _, complaint = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, complaint
    assert left_of(f"weft-components-{first.pid}") == []


def test_a_folder_that_is_no_package_is_told(tmp_path: Path) -> None:
    running = bench(tmp_path, "--package", str(tmp_path))
    _, complaint = running.communicate(timeout=PATIENCE_S)
    assert running.returncode != 0
    assert "vnf.yaml" in complaint
    assert left_of(f"weft-components-{running.pid}") == []
