"""Watching functions that run: figures are those of the frames sent, and alarms come and go with them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.hosts import between
from tests.support.running import Running, wait_until
from tests.support.serving import serving
from tests.support.traffic import Receiver, Sender
from weft.client.local import LocalClient
from weft.manager.monitoring import Monitoring
from weft.model.monitoring import Severity, Threshold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

GRAPH = """FromDevice(in) -> q :: Queue(25) -> u :: Unqueue(ACTIVE false) -> Queue -> ToDevice(out);
FromDevice(out) -> Discard;
"""
COUNTING = """import time
from weft.component import Component

component = Component()
seen = {"packets": 0}

@component.packet
def count(packet):
    seen["packets"] += 1

@component.handler("hits", type=int, unit="packets")
def hits():
    return seen["packets"]

@component.handler("mood", type=str)
def mood():
    return "good"

component.run()
"""
SLEEPING = COUNTING.replace("    return seen", "    time.sleep(3)\n    return seen")
MANIFEST = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  counting: {framework: python, file: counting.py}
  sleeping: {framework: python, file: sleeping.py, limit: 30s}
path: |
  in -> counting -> out
  out -> sleeping -> in
resources: {memory: 256MiB}
"""


@pytest.fixture
def pair(weft: Weft, make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    return left, right


def run(weft: Weft, pair: tuple[Host, Host], package: Path) -> Running:
    left, right = pair
    weft("run", str(package), "-d", "--name", "gate", *between(left, right))
    return Running(weft, weft.ps()[0])


@pytest.fixture
def queue(weft: Weft, pair: tuple[Host, Host], tmp_path: Path) -> Running:
    """A function that keeps 25 packets until its handler `u.active` is set."""
    (tmp_path / "queue.click").write_text(GRAPH)
    return run(weft, pair, tmp_path / "queue.click")


class Watching:
    """A watched server, under a clock of ours."""

    def __init__(
        self,
        weft: Weft,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        element_bytes: bool = False,
    ) -> None:
        monkeypatch.setenv("WEFT_RUN_DIR", str(weft.run_directory))
        self.now_s = 1_800_000_000.0
        client = LocalClient(lambda _line: None)
        client.monitoring = self.monitoring = Monitoring(
            client, folder, lambda: self.now_s, element_bytes=element_bytes
        )
        self.told: list[str] = []
        self.monitoring.listen(
            lambda event: self.told.append(
                f"{event.change} {event.alarm.threshold} {event.alarm.series}"
            )
        )

    def measure(self) -> list[str]:
        """Measure a second later; what was told of alarms then."""
        self.now_s += 1
        asyncio.run(self.monitoring.measure())
        told, self.told = self.told, []
        return told

    def track(self, gate: Running, series: str) -> list[float]:
        """What is kept of a series, but for gaps."""
        track = self.monitoring.track(gate.row["uuid"], series, self.now_s - 100, 1)
        return [value for value in track.values if value is not None]


@pytest.fixture
def watching(weft: Weft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watching:
    return Watching(weft, tmp_path / "data", monkeypatch, element_bytes=True)


def samples(page: str) -> dict[tuple[str, ...], float]:
    """Samples by name and the labels that are not the function's."""
    found = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            labels = [
                text for name, text in sample.labels.items() if name not in ("function", "uuid")
            ]
            found[(sample.name, *labels)] = sample.value
    return found


def test_figures_are_those_of_the_frames(
    weft: Weft, pair: tuple[Host, Host], queue: Running
) -> None:
    # Bytes of elements are counted from the first look on.
    assert samples(weft("metrics"))["weft_element_receive_bytes_total", "q"] == 0
    with Sender(pair[0]) as sender, Receiver(pair[1]) as receiver:
        sender.send(40)
        wait_until(lambda: queue.drops().get("q: queue-full"), 15)
        found = samples(weft("metrics", "gate"))
        assert found["weft_interface_receive_packets_total", "in"] == 40
        assert found["weft_interface_receive_bytes_total", "in"] == 40 * 60
        assert found["weft_interface_transmit_packets_total", "out"] == 0
        assert found["weft_interface_up", "in"] == found["weft_interface_up", "out"] == 1
        assert found["weft_element_drops_total", "q", "queue-full"] == 15
        assert found["weft_element_receive_bytes_total", "q"] == 40 * 60
        assert found["weft_element_transmit_bytes_total", "q"] == 0
        for handler, metric in (("length", "length"), ("highwater_length", "highwater")):
            assert found[f"weft_queue_{metric}_packets", "q"] == int(queue.read(f"q.{handler}"))
        assert found["weft_queue_length_packets", "q"] == 25
        assert found["weft_function_frames_in_use",] == 25
        queue.write("u.active", "true")
        receiver.wait_for(25)
        found = samples(weft("metrics"))
        assert found["weft_interface_transmit_packets_total", "out"] == 25
        assert found["weft_interface_transmit_bytes_total", "out"] == 25 * 60
        assert found["weft_element_receive_bytes_total", "u"] == 25 * 60
        assert found["weft_element_transmit_bytes_total", "q"] == 25 * 60
        assert found["weft_queue_length_packets", "q"] == 0
    shown = json.loads(weft("show", "gate", "-o", "json"))
    interfaces = {row["name"]: row for row in shown["interface_figures"]}
    assert interfaces["in"]["packets_in"] == 40
    assert interfaces["out"] == {
        **{"name": "out", "link": "link", "packets_in": 0, "packets_out": 25},
        **{"bytes_in": 0, "bytes_out": 1500, "drops_in": {}, "drops_out": {}},
    }
    assert shown["queues"][0] == {"name": "q", "length": 0, "capacity": 25, "highwater": 25}


def test_elements_are_shown_where_they_are_asked_for(weft: Weft, queue: Running) -> None:
    def rows(*more: str) -> dict[str, Any]:
        [line] = weft("top", "--count", "1", "--interval", "0.2", "-o", "json", *more).splitlines()
        return {row["name"]: row for row in json.loads(line)["rows"]}

    assert "q" not in rows()
    assert "bytes_since_ns" not in json.loads(queue.read("stats"))
    assert rows("--elements")["q"] == {
        **{"function": "gate", "kind": "element", "name": "q", "state": "Queue"},
        **{"in_pps": 0.0, "out_pps": 0.0},
        **{"in_mbps": 0.0, "out_mbps": 0.0, "drops_per_s": {}},
    }
    assert "bytes_since_ns" in json.loads(queue.read("stats"))


def test_a_full_queue_raises_an_alarm_and_an_emptied_one_clears_it(
    pair: tuple[Host, Host], queue: Running, watching: Watching
) -> None:
    watching.monitoring.thresholds.put(
        Threshold("full", "q.length", above=20, for_s=2, clear=5, severity=Severity.MAJOR)
    )
    watching.monitoring.thresholds.put(Threshold("lost", "q.drops.queue-full/s", above=10))
    assert watching.measure() == []
    with Sender(pair[0]) as sender:
        sender.send(25)
        wait_until(lambda: queue.read("q.length"), "25")
        assert watching.measure() == []
        sender.send(20)
        wait_until(queue.drops, {"q: queue-full": 20})
        assert watching.measure() == []  # the first that is seen of such drops
        sender.send(20)
        wait_until(queue.drops, {"q: queue-full": 40})
        told = watching.measure()
    assert sorted(told) == ["raised full q.length", "raised lost q.drops.queue-full/s"]
    [full] = [alarm for alarm in watching.monitoring.alarms.all() if alarm.threshold == "full"]
    assert (full.function, full.text) == ("gate", "q.length is 25, above 20 for 2 s")
    queue.write("u.active", "true")
    wait_until(lambda: queue.read("q.length"), "0")
    assert sorted(watching.measure()) == [
        "cleared full q.length",
        "cleared lost q.drops.queue-full/s",
    ]
    assert watching.track(queue, "in.packets_in") == [0.0, 25.0, 45.0, 65.0, 65.0]


def test_a_killed_engine_is_told_and_counts_go_on(
    pair: tuple[Host, Host], queue: Running, watching: Watching
) -> None:
    with Sender(pair[0]) as sender:
        sender.send(10)
        wait_until(lambda: queue.read("q.length"), "10")
        watching.measure()
        queue.kill_engine()
        queue.wait_for_restart(1)
        assert watching.measure() == ["raised restarts restarts/s"]
        sender.send(7)
        wait_until(lambda: queue.read("q.length"), "17")
        watching.measure()
    assert watching.track(queue, "in.packets_in") == [10.0, 10.0, 17.0]
    assert watching.track(queue, "restarts") == [0.0, 1.0, 1.0]
    # Those of elements begin with the first look at each engine.
    assert watching.track(queue, "q.bytes_in") == [0.0, 0.0, 7 * 60.0]
    assert min(watching.track(queue, "cpu")) >= 0


def test_a_function_that_vanishes_raises_an_alarm(
    weft: Weft, queue: Running, watching: Watching
) -> None:
    watching.measure()
    os.kill(queue.row["pid"], signal.SIGKILL)
    told: list[str] = []

    def look() -> list[str]:
        told.extend(watching.measure())
        return told

    wait_until(look, ["raised gone "])
    assert weft.ps() == []


def test_numbers_that_components_declare_are_kept_and_a_silent_one_holds_up_nobody(
    weft: Weft, pair: tuple[Host, Host], watching: Watching, tmp_path: Path
) -> None:
    folder = tmp_path / "gate"
    folder.mkdir()
    for name, text in (
        ("vnf.yaml", MANIFEST),
        ("counting.py", COUNTING),
        ("sleeping.py", SLEEPING),
    ):
        (folder / name).write_text(text)
    gate = run(weft, pair, folder)
    with Sender(pair[0]) as sender, Receiver(pair[1]) as receiver:
        sender.send(30)
        receiver.wait_for(30)
        watching.measure()
    assert watching.track(gate, "counting.hits") == [30.0]
    names = {series.name for series in watching.monitoring.series(gate.row["uuid"])}
    assert {"counting.packets_in", "counting.memory_bytes", "sleeping.up"} <= names
    assert names.isdisjoint({"sleeping.hits", "counting.mood"})
    found = samples(weft("metrics", "gate"))
    assert found["weft_component_value", "counting", "hits", "packets"] == 30
    assert found["weft_component_receive_bytes_total", "counting"] == 30 * 60
    limits = gate.status().memory_limit_bytes
    assert found.get(("weft_function_memory_limit_bytes",)) == limits


def test_a_log_is_kept_in_bounds_and_followed_across_its_files(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    lines = 52_000
    (tmp_path / "chatty.click").write_text(
        "Idle -> ToDevice(out);\nFromDevice(in) -> Discard;\n"
        f"source :: InfiniteSource(DATA {'x' * 60}, LIMIT {lines}, ACTIVE false)\n"
        "  -> Print(chat) -> Discard;\n"
    )
    gate = run(weft, pair, tmp_path / "chatty.click")
    follower = weft.popen("logs", "gate", "-f", "-o", "json", "--source", "engine")
    assert follower.stdout is not None
    gate.write("source.active", "true")
    for number in range(lines):
        line = json.loads(follower.stdout.readline())
        assert line["source"] == "engine", number
        assert line["text"].startswith("chat:   60 | "), number
    follower.terminate()
    follower.communicate()
    sizes = [(gate.folder / name).stat().st_size for name in ("log", "log.1")]
    assert sum(sizes) > 4 << 20
    assert max(sizes) <= 4 << 20
    [last] = weft("logs", "gate", "-n", "1", "--since", "1h").splitlines()
    assert last.endswith(" engine: " + line["text"])
    assert "no source 'filter' in the log of 'gate'; allowed: init, engine" in weft(
        "logs", "gate", "--source", "filter", status=2
    )


def test_without_a_server_there_is_no_history(weft: Weft, queue: Running) -> None:
    complaint = (
        "weft: nothing is kept of functions over time: no server watches them\n"
        "weft: hint: `weft serve` does, from then on; `weft top` and `weft metrics` do without it\n"
    )
    assert weft("history", "gate", status=1) == complaint
    assert weft("alarm", "list", status=1) == complaint


def test_thresholds_are_set_without_a_server(weft: Weft, tmp_path: Path) -> None:
    weft.environment["WEFT_DATA_DIR"] = str(tmp_path / "data")
    weft("threshold", "set", "full", "--series", "q.length", "--above", "20", "--for", "2s")
    rows = {row["id"]: row for row in json.loads(weft("threshold", "list", "-o", "json"))}
    assert rows["full"]["condition"] == "above 20 for 2 s"
    weft("threshold", "remove", "full", "memory")
    rows = {row["id"]: row for row in json.loads(weft("threshold", "list", "-o", "json"))}
    assert rows.keys() & {"full", "memory"} == set()
    assert weft("threshold", "set", "x", "--series", "y", status=2) == (
        "weft: threshold 'x': allowed: one of above and below\n"
    )


def test_a_server_keeps_the_history_and_raises_alarms(
    weft: Weft, pair: tuple[Host, Host], queue: Running, tmp_path: Path
) -> None:
    weft.environment["WEFT_DATA_DIR"] = str(tmp_path / "data")
    with serving(weft), Sender(pair[0]) as sender:
        weft("threshold", "set", "full", "--series", "q.length", "--above", "20", "--clear", "5")

        def alarms(*more: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = json.loads(weft("alarm", "list", "-o", "json", *more))
            return [alarm for alarm in found if alarm["threshold"] == "full"]

        sender.send(25)
        wait_until(lambda: len(alarms()), 1)
        [alarm] = alarms("gate")
        assert (alarm["text"], alarm["acknowledged"]) == ("q.length is 25, above 20", None)
        weft("alarm", "ack", alarm["id"][:8])
        assert "acknowledged  q.length is 25, above 20\n" in weft("alarm", "list")
        [track] = json.loads(weft("history", "gate", "in.packets_in", "-o", "json"))
        assert track["values"][-1] in (25.0, None)
        assert [value for value in track["values"] if value][-1] == 25.0
        assert re.search(
            r"^in\.packets_in +packets +.* 25 .*$", weft("history", "gate", "in.packets_in"), re.M
        )
        assert re.search(r"^in\.packets_in/s +packets/s ", weft("history", "gate"), re.M)
        told = weft("history", "gate", "q.bytes_in", status=2)
        assert "'gate' has no series 'q.bytes_in'; near: " in told
        assert "; those of an element are there while they are counted: `weft serve --elem" in told
        assert samples(weft("metrics"))["weft_queue_length_packets", "q"] == 25
        queue.write("u.active", "true")
        wait_until(alarms, [])
        assert alarms("--all")[0]["cleared"] is not None
        weft("off", "gate")
        [track] = json.loads(weft("history", "gate", "in.packets_in", "-o", "json"))
        assert 25.0 in track["values"]


def test_a_server_keeps_bytes_of_elements_where_that_is_wanted(
    weft: Weft, pair: tuple[Host, Host], queue: Running, tmp_path: Path
) -> None:
    weft.environment["WEFT_DATA_DIR"] = str(tmp_path / "data")

    def kept() -> list[float]:
        names = {item["series"] for item in json.loads(weft("history", "gate", "-o", "json"))}
        if "q.bytes_in" not in names:
            return []
        [track] = json.loads(weft("history", "gate", "q.bytes_in", "-o", "json"))
        return [value for value in track["values"] if value is not None]

    with serving(weft, "--element-bytes"), Sender(pair[0]) as sender:
        wait_until(lambda: kept()[-1:], [0.0])
        sender.send(3)
        wait_until(lambda: kept()[-1:], [180.0])
