"""What is seen of a running function: figures, rates, and what limits it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from tests.support.traffic import Receiver, Sender
from tests.system.conftest import WEFT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

QUICK = """#include <weft/component.h>
static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)component, (void)packets, (void)count, (void)user;
}
int main(void)
{
    return weft_run(&(weft_options){.process = process});
}
"""
SLOW = """import time
from weft.component import Component

component = Component()

@component.packet
def slow(packet):
    until = time.perf_counter() + 0.001
    while time.perf_counter() < until:
        pass

@component.handler("sleepy", type=str)
def sleepy():
    time.sleep(20)
    return ""

component.run()
"""
MANIFEST = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  slow: {framework: python, file: slow.py, capacity: 64, limit: 30s}
  quick: {framework: c, file: quick.c}
path: |
  in -> quick -> slow -> out
  out -> in
"""


@pytest.fixture
def pair(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> tuple[Host, Host]:
    """Hosts with the function between them."""
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    folder = tmp_path / "gate"
    folder.mkdir()
    for name, text in (("vnf.yaml", MANIFEST), ("slow.py", SLOW), ("quick.c", QUICK)):
        (folder / name).write_text(text)
    weft("run", str(folder), "-d", *between(left, right))
    return left, right


def test_counts_are_those_of_the_frames(weft: Weft, pair: tuple[Host, Host]) -> None:
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        sender.send(50)
        receiver.wait_for(50)
    shown = json.loads(weft("show", "gate", "-o", "json"))
    figures = {row["name"]: row for row in shown["figures"]}
    for row in figures.values():
        assert (row["packets_in"], row["packets_out"]) == (50, 50)
        assert (row["bytes_in"], row["bytes_out"]) == (3000, 3000)
        assert row["drops"] == {}
    assert figures["slow"]["ring"] == "0/64"
    assert shown["bottleneck"] == "bottleneck: none: every component keeps up"
    components = {row["name"]: row for row in shown["components"]}
    assert all((row["state"], row["restarts"]) == ("ready", 0) for row in components.values())
    assert components["slow"]["memory_bytes"] > components["quick"]["memory_bytes"] > 0
    table = weft("show", "gate")
    assert re.search(r"^slow +50 +50 +3000 +3000 +0/64 ", table, re.MULTILINE)
    assert table.endswith("\nbottleneck: none: every component keeps up\n")


def test_the_slow_component_is_named_though_the_one_before_it_drops(
    weft: Weft, pair: tuple[Host, Host]
) -> None:
    with Sender(pair[0], rate_pps=8000) as sender, Receiver(pair[1]) as receiver:
        sender.start()
        receiver.wait_for(500)
        [line] = weft("top", "gate", "--count", "1", "-o", "json").splitlines()
        [verdict] = json.loads(line)["bottlenecks"]
    assert re.match(
        r"gate: bottleneck: slow: (its ring is full for \d+ % of batches|\d+ of 64 packets are in "
        r"its ring) \(python, \d+ % of a CPU, [\d.]+ us a packet\)",
        verdict,
    ), verdict


def test_top_prints_plain_lines_where_there_is_no_terminal(
    weft: Weft, pair: tuple[Host, Host]
) -> None:
    shown = weft("top", "--count", "2", "--interval", "0.2")
    lines = shown.splitlines()
    titles = [line.split()[:2] for line in lines if line.startswith("NAME")]
    assert titles == [["NAME", "STATE"]] * 2
    assert lines.count("gate: bottleneck: none: every component keeps up") == 2
    assert [line.split()[:2] for line in lines[1:6]] == [
        ["gate", "active"],
        ["in", "link"],
        ["out", "link"],
        ["slow", "ready"],
        ["quick", "ready"],
    ]


def test_top_in_a_terminal_ends_with_a_key(weft: Weft, pair: tuple[Host, Host]) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb+", buffering=0) as terminal:
        command = [*WEFT, "top", "gate", "--interval", "0.2"]
        top = subprocess.Popen(
            command, env=weft.environment, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        seen = b""
        while b"every component keeps up" not in seen:
            seen += terminal.read(4096)
        terminal.write(b"q")
        with contextlib.suppress(OSError):  # how a terminal says that it is over
            while terminal.read(4096):
                pass
        assert top.wait(20) == 0


def test_a_handler_that_does_not_answer_is_given_up(weft: Weft, pair: tuple[Host, Host]) -> None:
    assert weft("read", "gate", "slow.sleepy", status=1) == (
        "weft: Read handler 'slow.sleepy' error:\n"
        "component 'slow' has not answered within 5000 ms\n"
    )
    assert weft("read", "gate", "slow.state") == "ready\n"
