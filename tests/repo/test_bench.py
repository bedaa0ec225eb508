"""The benches: each runs, tiny, to intact results. Times are never looked at."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.__main__ import BENCHES
from bench.click import Finished
from bench.figure import BrokenRunError, Figure, Verdict, at_least, at_most
from bench.inputs import Flow, Rule, make_flows, make_routes, make_rules, write_capture
from bench.process import run, running
from bench.report import print_table
from bench.setting import Comparison, Setting, ratios
from bench.specification import SPECIFICATION, rewritten
from tests.support.frames import checksum
from tests.support.hosts import can_make_namespaces
from tests.support.pcap import read_pcap
from weft.server.namespaces import NETNS_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
IN_NAMESPACES = {"af_packet_forward", "af_xdp_forward", "nsh_forward", "first_ping"} | {
    "restart",
    "idle",
    "ps",
    "monitoring",
    "component_rtt",
    "component_idle",
}
LIMIT_S = 180


def bench_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bench", "--smoke", "--repeat", "1", *arguments]


def smoke(name: str, folder: Path) -> dict[str, Any]:
    """Run one bench, tiny; its JSON."""
    if name in IN_NAMESPACES and not can_make_namespaces():
        pytest.skip("needs root and network namespaces")
    path = folder / "figures.json"
    done = subprocess.run(
        bench_command("--json", str(path), name),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.mark.parametrize("name", BENCHES)
def test_bench_runs_to_intact_results(name: str, tmp_path: Path) -> None:
    document = smoke(name, tmp_path)
    assert document["broken"] == {}
    assert document["figures"]
    for figure in document["figures"]:
        assert len(figure["samples"]) >= 1, figure["name"]
        assert figure["verdict"] in {verdict.value for verdict in Verdict}


def test_every_file_that_measures_is_listed() -> None:
    measuring = {
        path.stem
        for path in (ROOT / "bench").glob("*.py")
        if "def measure(setting: Setting)" in path.read_text()
    }
    assert measuring == set(BENCHES)


def test_unknown_bench_is_told_with_what_is_allowed() -> None:
    done = subprocess.run(
        bench_command("null_pth"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.endswith(f"no figure 'null_pth'; allowed: {', '.join(BENCHES)}\n")


@pytest.fixture
def interrupted() -> Iterator[subprocess.Popen[str]]:
    if not can_make_namespaces():
        pytest.skip("needs root and network namespaces")
    process = subprocess.Popen(
        [*bench_command("idle"), "--repeat", "1000"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_interrupted_bench_leaves_nothing(interrupted: subprocess.Popen[str]) -> None:
    directory = Path("/run") / f"weft-bench-{interrupted.pid}"
    while not list(directory.glob("*/control.sock")):
        assert interrupted.poll() is None, interrupted.communicate()
        os.sched_yield()
    interrupted.send_signal(signal.SIGINT)
    _, errors = interrupted.communicate(timeout=LIMIT_S)
    assert interrupted.returncode == 130, errors
    assert errors.endswith("bench: interrupted; everything was taken away\n")
    assert not directory.exists()
    prefix = f"weft-bench-{interrupted.pid}-"
    assert [path.name for path in NETNS_FOLDER.iterdir() if path.name.startswith(prefix)] == []


def test_run_with_another_count_is_broken() -> None:
    finished = Finished({"passed.count": 9, "hit.count": 1}, 1.0)
    finished.expect(passed=9, hit=1)
    with pytest.raises(BrokenRunError, match=r"counted {'passed': 9}, expected {'passed': 10}"):
        finished.expect(passed=10)


def test_failed_process_is_broken_and_says_why() -> None:
    ended = run(["sh", "-c", "echo reason >&2; exit 3"])
    assert (ended.status, ended.errors) == (3, "reason\n")
    with pytest.raises(BrokenRunError, match="exit status 3: reason"):
        ended.checked()


def test_process_past_its_time_is_broken_and_ended() -> None:
    with running(["sleep", "100"]) as child:
        with pytest.raises(BrokenRunError, match="not done within 0 s"):
            child.wait(0)
        assert child.poll() is not None


def test_ratios_are_those_of_each_round(tmp_path: Path) -> None:
    order: list[str] = []

    def rate(name: str, rates: list[float]) -> float:
        order.append(name)
        return rates.pop(0)

    references, subjects = [2.0, 4.0, 8.0], [2.0, 8.0, 4.0]
    [figure] = ratios(
        Setting(tmp_path, "engine", "weft", repeat=3),
        lambda: rate("reference", references),
        [Comparison("figure", at_least(1.0), lambda: rate("subject", subjects))],
    )
    assert order == ["reference", "subject"] * 3
    assert figure.samples == (1.0, 2.0, 0.5)
    assert figure.detail == {"subject": 4.0, "reference": 4.0}
    assert figure.verdict is Verdict.MET


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (at_least(2.0), Verdict.MET),
        (at_least(2.1), Verdict.MISSED),
        (at_most(2.0), Verdict.MET),
        (at_most(1.9), Verdict.MISSED),
        (at_most(1.9, 2.0), Verdict.MISSED),
        (at_most(None, 2.0), Verdict.REACHED),
        (at_most(None, 1.9), Verdict.AHEAD),
        (at_most(), Verdict.OPEN),
    ],
)
def test_verdict_is_that_of_the_median(goal: Any, verdict: Verdict) -> None:
    assert Figure("figure", "s", goal, (9.0, 2.0, 1.0)).verdict is verdict


def test_table_shows_goal_spread_and_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([Figure("ping", "ms", at_most(10, 5), (7.0, 6.0, 8.5))], {"load": "0.1"}, 3)
    printed = capsys.readouterr().out
    for part in ("ping", "≤ 10 ms", "≤ 5 ms", "7 ms", "6..8.5", "met", "load 0.1"):
        assert part in printed


def test_inputs_are_the_same_every_time() -> None:
    assert make_flows(50) == make_flows(50)
    assert make_rules(50) == make_rules(50)
    assert make_routes(50) == make_routes(50)
    assert len({(route.address, route.length) for route in make_routes(500)}) == 500


def test_no_flow_meets_a_rule_and_every_hit_does() -> None:
    from random import Random

    rules, flows = make_rules(99), make_flows(1000)
    assert not any(rule.matches(flow) for rule in rules for flow in flows)
    assert all(rule.matches(rule.hit(Random(1))) for rule in rules)
    assert len({str(rule) for rule in rules}) == 99


def test_rule_is_written_in_the_language_of_filters() -> None:
    rule = Rule((0x0A010200, 24), (0x0B160000, 16), 17, 53)
    assert str(rule) == "src net 10.1.2.0/24 && dst net 11.22.0.0/16 && dst udp port 53"
    assert rule.matches(Flow(0x0A0102FF, 0x0B160001, 17, 9, 53))
    assert not rule.matches(Flow(0x0A0103FF, 0x0B160001, 17, 9, 53))
    assert not rule.matches(Flow(0x0A0102FF, 0x0B160001, 6, 9, 53))
    assert not rule.matches(Flow(0x0A0102FF, 0x0B160001, 17, 9, 54))


def test_capture_holds_the_frames_that_are_counted(tmp_path: Path) -> None:
    flows = make_flows(10)
    counts = write_capture(tmp_path / "flows.pcap", flows, 200)
    frames = read_pcap(tmp_path / "flows.pcap")
    assert [frames.count(flow.frame()) for flow in flows] == counts
    assert sum(counts) == len(frames) == 200
    for flow in flows:
        frame = flow.frame()
        assert len(frame) == 64
        assert checksum(frame[14:34]) == 0


def test_specification_shows_every_bench() -> None:
    text = SPECIFICATION.read_text()
    assert [name for name in BENCHES if f"| `{name}` |" not in text] == []
    rewritten(text, {}, {})


def test_specification_takes_new_figures_in_place_of_old_ones() -> None:
    def table(*rows: str) -> str:
        begin = "<!-- figures: written by `python -m bench --specification` -->"
        head = "| figure | bench | goal | later | median | min..max | verdict |"
        lines = ["Before", begin, head, "|---|---|---|---|---|---|---|", *rows, ""]
        return "\n".join([*lines, "Last run: load 1.", "<!-- end -->", "After", ""])

    other = "| x | `other` |  |  | 1 | 1..1 | no goal |"
    old = "| y | `ps` | ≤ 1 s |  | 3 s | 3..3 | missed |"
    figure = Figure("y", "s", at_most(1), (0.5,))
    new = "| y | `ps` | ≤ 1 s |  | 0.5 s | 0.5..0.5 | met |"
    assert rewritten(table(old, other), {"ps": [figure]}, {"load": "1"}) == table(new, other)
    assert rewritten(table(other), {"ps": [figure]}, {"load": "1"}) == table(other, new)
    with pytest.raises(ValueError, match="has no lines"):
        rewritten("Before", {}, {})
