"""The example of the L7 firewall: what it prints, and that an interruption leaves nothing."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.leftovers import left_of

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "l7-firewall"
COMMAND = [sys.executable, "-u", str(EXAMPLE)]

pytestmark = pytest.mark.usefixtures("_root")


def test_it_prints_what_its_readme_shows_and_a_measurement() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    *tables, measured = done.stdout.strip().split("\n\n")
    readme = (EXAMPLE / "README.md").read_text()
    shown = re.findall(r"^(?:    tried .*\n(?:    .+\n)+)", readme, re.MULTILINE)
    lines = [[line.removeprefix("    ") for line in table.splitlines()] for table in shown]
    assert lines == [table.splitlines() for table in tables]
    for label in ("kernel forwarding", "numpy + c", "numpy + click", "scapy + c", "scapy + click"):
        assert f"\n{label} " in measured


def test_interrupted_it_leaves_nothing() -> None:
    example = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert example.stdout is not None
    for line in example.stdout:
        if line.startswith("a request, port 443"):
            break
    example.send_signal(signal.SIGTERM)
    _, complaint = example.communicate(timeout=60)
    assert example.returncode == 128 + signal.SIGTERM
    assert complaint.endswith("l7-firewall: interrupted; everything was taken away\n")
    assert left_of(f"weft-l7-firewall-{example.pid}") == []


def test_arguments_are_refused() -> None:
    done = subprocess.run([*COMMAND, "fast"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "l7-firewall: 'fast': takes no arguments\n")
