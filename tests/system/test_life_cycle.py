"""The life of a function: made ready, configured, started, changed, undone, restarted, turned off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.hosts import between
from tests.support.relay import MANIFEST, SAME
from tests.support.running import Running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

LEVEL = """from weft.component import Component
import sys

component = Component()
level = int(sys.argv[1])

@component.handler(type=int)
def value():
    return level

@value.write
def set_value(new):
    global level
    level = new

@component.packet
def same(packet):
    pass

component.run()
"""
GATE = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  # what waits
  count: {framework: click, text: "input -> c :: Counter -> q :: Queue($size) -> Unqueue -> output;"}
  level: {framework: python, file: level.py, arguments: ["${start}"]}
path: |
  in -> count -> level -> out
  out -> in
parameters:
  size: {type: integer, default: 100, handler: count/q.capacity}
  start: {type: integer}
"""
CLICK = "define($RATE 100);\nFromDevice(in) -> c :: Counter -> Queue -> Shaper($RATE) -> ToDevice(out);\n"


class Life:
    """One function, through the command line."""

    def __init__(self, weft: Weft, left: Host, right: Host, folder: Path) -> None:
        self.weft, self.left, self.right, self.folder = weft, left, right, folder
        self.joins = between(left, right)

    def package(self, name: str, text: str, **files: str) -> str:
        place = self.folder / name
        place.mkdir()
        (place / "vnf.yaml").write_text(text)
        for file, content in files.items():
            (place / f"{file}.py").write_text(content)
        return str(place)

    def state(self) -> str:
        [row] = self.weft.ps()
        return str(row["state"])

    def read(self, name: str, handler: str) -> str:
        return self.weft("read", name, handler).strip()

    def plan(self, *arguments: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.weft(*arguments, "-o", "json"))
        return told

    def revisions(self, name: str) -> list[tuple[int, str]]:
        rows = json.loads(self.weft("revisions", name, "-o", "json"))
        return [(row["number"], row["cause"]) for row in rows]


@pytest.fixture
def life(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Life:
    return Life(weft, make_host("left"), make_host("right"), tmp_path)


def test_a_function_waits_for_its_values_and_its_start(life: Life) -> None:
    place = life.package("gate", GATE.replace('["${start}"]', '["1"]'), level=LEVEL)
    life.weft("run", place, "-d", "--inactive", *life.joins)
    assert life.state() == "instantiated"
    assert "eth0" in life.left.links()
    assert life.weft("start", "gate", status=1) == (
        "weft: 'gate' needs a value for: start\n"
        "weft: hint: give it: weft configure gate start=VALUE\n"
    )
    assert life.weft("configure", "gate", "start=x", status=2) == (
        "weft: parameter start: 'x' is not of type integer; allowed: a whole number\n"
    )
    life.weft("configure", "gate", "start=7", "size=30")
    assert life.state() == "inactive"
    life.weft("start", "gate")
    assert life.state() == "active"
    assert life.read("gate", "count/q.capacity") == "30"
    assert life.revisions("gate") == [(1, "deployed"), (2, "configure")]


def test_inactive_functions_are_not_watched(life: Life) -> None:
    place = life.package("relay", MANIFEST, same=SAME)
    assert life.weft("run", place, "--inactive", *life.joins, status=2) == (
        "weft: --inactive: what does not run cannot be watched; add -d\n"
    )


def test_the_steps_of_a_start_are_shown(life: Life) -> None:
    place = life.package("relay", MANIFEST, same=SAME)
    assert life.weft("run", place, "--dry-run", *life.joins).splitlines() == [
        *("STEP", "reserve name", "build components", "write files"),
        *("join in", "join out", "open sandbox", "start"),
    ]
    assert life.weft.ps() == []


def test_values_are_set_by_handlers_by_swaps_and_by_new_components(life: Life) -> None:
    place = life.package("gate", GATE, level=LEVEL)
    life.weft("run", place, "-d", "--set", "start=5", *life.joins)
    [row] = life.weft.ps()
    running = Running(life.weft, row)
    pid = running.component("level").pid
    told = life.plan("configure", "gate", "size=40")
    assert (told["by"], told["values"]) == ("handlers", {"size": "40"})
    assert life.read("gate", "count/q.capacity") == "40"
    assert running.component("level").pid == pid
    told = life.plan("configure", "gate", "start=6", "--dry-run")
    assert (told["outcome"], told["kept"], told["replaced"]) == ("planned", ["count"], ["level"])
    assert life.read("gate", "level.value") == "5"
    life.weft("configure", "gate", "start=6", "size=50")
    assert life.read("gate", "level.value") == "6"
    assert life.read("gate", "count/q.capacity") == "50"
    assert running.component("level").pid != pid
    running.kill_engine()
    running.wait_for_restart(1)
    assert running.read("count/q.capacity") == "50"
    life.weft("restart", "gate")
    wait_until(life.state, "active")
    assert running.read("count/q.capacity") == "50"
    assert life.revisions("gate") == [(1, "deployed"), (2, "configure"), (3, "configure")]
    life.weft("undo", "gate", "1")
    assert (life.read("gate", "level.value"), running.read("count/q.capacity")) == ("5", "100")
    assert life.revisions("gate")[3:] == [(4, "undo to 1")]
    shown = json.loads(life.weft("configure", "gate", "-o", "json"))
    assert [(item["name"], item["value"]) for item in shown] == [("size", "100"), ("start", "5")]


def test_a_wrong_value_changes_nothing(life: Life) -> None:
    place = life.package("gate", GATE, level=LEVEL)
    life.weft("run", place, "-d", "--set", "start=5", *life.joins)
    before = life.weft("show", "gate", "--graph")
    assert life.weft("configure", "gate", "siez=1", status=2) == (
        "weft: 'gate' has no parameter 'siez' (did you mean 'size'?); allowed: size, start\n"
    )
    complaint = life.weft("configure", "gate", "size=-3", "start=6", status=1)
    assert complaint.startswith("weft: 'gate' was not changed (stage: engine); all is as before\n")
    assert complaint.endswith(
        "weft: hint: values that were given: size=-3 (integer); start=6 (integer)\n"
    )
    assert life.read("gate", "count/q.capacity") == "100"
    assert life.read("gate", "level.value") == "5"
    assert life.weft("show", "gate", "--graph") == before
    assert life.revisions("gate") == [(1, "deployed")]
    assert life.weft("undo", "gate", status=2) == (
        "weft: nothing to undo: it is as it was deployed\n"
    )
    assert life.weft("undo", "gate", "9", status=2) == "weft: no revision 9; there are: 1\n"


def test_values_that_are_called_off_half_way_are_all_as_before(life: Life) -> None:
    pace = "  pace: {type: integer, default: 5, handler: level.value}\n"
    slow = LEVEL.replace("    global level\n", "    global level\n    time.sleep(1)\n")
    place = life.package("gate", GATE + pace, level=slow.replace("import sys", "import sys, time"))
    life.weft("run", place, "-d", "--set", "start=5", *life.joins)
    changing = life.weft.popen("configure", "gate", "size=40", "pace=7")
    wait_until(lambda: life.read("gate", "count/q.capacity"), "40")
    changing.send_signal(signal.SIGINT)
    assert changing.wait(30) == 128 + signal.SIGINT
    assert (life.read("gate", "count/q.capacity"), life.read("gate", "level.value")) == ("100", "5")
    assert life.revisions("gate") == [(1, "deployed")]
    life.weft("configure", "gate", "size=40", "pace=7")
    assert (life.read("gate", "count/q.capacity"), life.read("gate", "level.value")) == ("40", "7")


def test_a_click_file_is_configured_edited_and_undone(life: Life) -> None:
    file = life.folder / "slow.click"
    file.write_text(CLICK)
    life.weft("run", str(file), "-d", "--set", "RATE=200", *life.joins)
    assert life.weft("edit", "slow", "--print") == CLICK
    life.weft("configure", "slow", "RATE=300")
    graph = life.weft("show", "slow", "--graph")
    assert graph == f'# 1 "slow.click"\n{CLICK}'
    assert life.read("slow", "Shaper@4.rate") == "300"
    new = CLICK.replace("c :: Counter", "c :: Counter -> d :: Counter")
    file.write_text(new)
    life.weft("edit", "slow", "--file", str(file))
    assert life.weft("show", "slow", "--graph") == f'# 1 "slow.click"\n{new}'
    file.write_text(new.replace("Counter", "Conuter"))
    complaint = life.weft("edit", "slow", "--file", str(file), status=1)
    assert "slow.click:2" in complaint
    assert "unknown element class 'Conuter'" in complaint
    assert life.weft("show", "slow", "--graph") == f'# 1 "slow.click"\n{new}'
    life.weft("undo", "slow", "1")
    assert life.weft("show", "slow", "--graph") == graph
    assert life.read("slow", "Shaper@4.rate") == "200"
    causes = ["deployed", "configure", "edit", "undo to 1"]
    assert life.revisions("slow") == list(enumerate(causes, 1))


def test_a_path_and_a_component_are_edited_in_an_editor(life: Life) -> None:
    place = life.package("gate", GATE, level=LEVEL)
    life.weft("run", place, "-d", "--set", "start=5", *life.joins)
    editor = life.folder / "editor"
    life.weft.environment["EDITOR"] = str(editor)

    def edits(command: str) -> None:
        editor.write_text(f"#!/bin/sh\n{command}\n")
        editor.chmod(0o755)

    edits('sed -i "s/count -> level/level -> count/" "$1"')
    life.weft("edit", "gate")
    assert life.weft("edit", "gate", "--print") == "in -> level -> count -> out\nout -> in\n"
    edits('sed -i "s/c :: Counter/d :: Counter/" "$1"')
    life.weft("edit", "gate", "count")
    assert life.read("gate", "count/d.class") == "Counter"
    edits("exit 3")
    assert life.weft("edit", "gate", status=2) == (
        f"weft: the editor '{editor}' ended with status 3; nothing changed\n"
    )
    edits('echo "in -> nothing -> out" > "$1"')
    complaint = life.weft("edit", "gate", status=1)
    assert "path: no component 'nothing'" in complaint or "'nothing'" in complaint
    kept = complaint.rpartition(" --file ")[2].strip()
    assert open(kept).read() == "in -> nothing -> out\n"  # noqa: PTH123, SIM115
    os.unlink(kept)  # noqa: PTH108
    assert life.weft("edit", "gate", "other", status=2) == (
        "weft: no component 'other'; allowed: count, level\n"
    )
    life.weft("undo", "gate")
    life.weft("undo", "gate", "1")
    assert life.weft("edit", "gate", "--print") == "in -> count -> level -> out\nout -> in\n"


def test_a_function_at_rest_is_changed_for_its_next_start(life: Life) -> None:
    place = life.package("gate", GATE, level=LEVEL)
    life.weft("run", place, "-d", "--set", "start=5", *life.joins)
    life.weft("stop", "gate")
    life.weft("configure", "gate", "size=77")
    assert life.weft("configure", "gate", "start=8", status=1) == (
        "weft: 'gate' is inactive: only an active function can be changed\n"
        "weft: hint: start it with: weft start gate\n"
    )
    life.weft("start", "gate")
    assert life.read("gate", "count/q.capacity") == "77"
    life.weft("undo", "gate", "1")
    assert life.read("gate", "count/q.capacity") == "100"


def test_off_leaves_nothing_of_one_that_rested(life: Life) -> None:
    place = life.package("relay", MANIFEST, same=SAME)
    life.weft("run", place, "-d", "--inactive", *life.joins)
    assert life.state() == "inactive"
    life.weft("off", "relay")
    assert life.weft.folders() == []
    assert life.left.links() == {}
    found = subprocess.run(["pgrep", "-f", str(life.weft.run_directory)], capture_output=True)
    assert found.stdout == b""
