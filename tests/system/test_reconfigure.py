"""`weft reconfigure` while numbered frames pass: each arrives once and in order, whatever becomes of it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from tests.support.hosts import between
from tests.support.traffic import Receiver, Sender, numbered_frame
from weft.model.change import Change, Edit
from weft.server.local_agent import LocalAgent
from weft.server.rundir import RunDirectory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

RATE_PPS = 2000
HIGH_RATE_PPS = 8_000
AT = 40  # a byte of every frame that components change

ADD = """#include <weft/component.h>
static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++)
        weft_data(component, &packets[i])[40] += %d;
}
int main(void)
{
    return weft_run(&(weft_options){.process = process});
}
"""
DOUBLE = """from weft.component import Component

component = Component()

@component.packet
def double(packet):
    packet.data[40] = packet.data[40] * 2 % 256

component.run()
"""
# It attaches, and ends as soon as the engine answers: the new graph is there by then.
LATE = """import os
import socket
import sys

from weft.component.protocol import HELLO, Message, encode, hello_payload

name = os.environ["WEFT_COMPONENT_NAME"]
engine = socket.socket(socket.AF_UNIX)
engine.connect(os.environ["WEFT_COMPONENT"])
engine.sendall(encode(Message(HELLO, hello_payload(name, "late", 0, 32, 2))))
engine.recv(1)
sys.exit(7)
"""
MANIFEST = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  add: {framework: c, file: add.c, capacity: 8192}
  double: {framework: python, file: double.py, capacity: 8192}
  count: {framework: click, text: "input -> c :: Counter -> output;"}
path: |
  in -> add -> double -> count -> out
  out -> in
"""
START = 0x5A  # what the byte is when it is sent


class Gate:
    """The function between two hosts, with frames that flow all the time."""

    def __init__(self, weft: Weft, hosts: tuple[Host, Host], folder: Path, rate_pps: int) -> None:
        self.weft = weft
        self.left, self.right = hosts
        for host in hosts:
            host.keep_silent()
        self.folder = folder / "gate"
        self.folder.mkdir()
        self.files({"vnf.yaml": MANIFEST, "add.c": ADD % 3, "double.py": DOUBLE})
        weft("run", str(self.folder), "-d", *between(self.left, self.right))
        self.receiver = Receiver(self.right)
        self.sender = Sender(self.left, rate_pps=rate_pps)

    def files(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def flow(self) -> None:
        self.sender.start()
        self.some()

    def some(self) -> None:
        """Return when some more frames have come."""
        self.receiver.wait_for(len(self.receiver.numbers) + 200)

    def all_came(self) -> None:
        """Every frame came, once and in order."""
        self.some()
        sent = self.sender.stop()
        self.receiver.wait_for(sent, self.drops)
        assert self.receiver.settle() == list(range(sent))

    def drops(self) -> str:
        """What the function has dropped, for a complaint."""
        elements = json.loads(self.weft("read", "gate", "stats"))["elements"]
        return f"the function dropped {[i['drops'] for i in elements if i['drops']]}"

    def change(self, *arguments: str, status: int = 0) -> str:
        return self.weft("reconfigure", "gate", *arguments, status=status)

    def changed(self, *arguments: str) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.change(*arguments, "-o", "json"))
        return facts

    def keys(self) -> dict[str, str]:
        [row] = self.weft.ps()
        return {item["name"]: item["key"] for item in row["components"]}

    def pids(self) -> dict[str, int]:
        [row] = self.weft.ps()
        return {item["name"]: item["pid"] for item in row["components"]}

    def byte(self) -> int:
        """What becomes of the byte in one frame."""
        with self.right.namespace.entered():
            handle = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
        with handle, Sender(self.left) as sender:
            handle.bind(("eth0", 0x88B5))
            handle.settimeout(20)
            sender.send(1)
            return handle.recv(2048)[AT]

    def close(self) -> None:
        self.sender.__exit__(None, None, None)
        self.receiver.__exit__(None, None, None)


@pytest.fixture
def rate_pps() -> int:
    return RATE_PPS


@pytest.fixture
def gate(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path, rate_pps: int
) -> Iterator[Gate]:
    gate = Gate(weft, (make_host("left"), make_host("right")), tmp_path, rate_pps)
    yield gate
    gate.close()


@pytest.mark.parametrize("rate_pps", [HIGH_RATE_PPS])
def test_components_are_added_replaced_reordered_and_removed_under_traffic(gate: Gate) -> None:
    pids = gate.pids()
    gate.flow()
    more = gate.folder.parent / "more.c"
    more.write_text(ADD % 1)
    path = "in -> {} -> count -> out; out -> in"
    added = gate.changed("--add", f"more=c:{more}", "--path", path.format("add -> double -> more"))
    assert (added["started"], added["kept"]) == (["more"], ["add", "double", "count"])
    gate.some()
    reordered = gate.changed("--path", path.format("double -> add -> more"))
    assert reordered["kept"] == ["add", "double", "count", "more"]
    gate.some()
    assert {name: gate.pids()[name] for name in pids} == pids
    other = gate.folder.parent / "double.py"
    other.write_text(DOUBLE.replace("* 2", "* 3"))
    replaced = gate.changed("--replace", f"double={other}")
    assert (replaced["replaced"], replaced["kept"]) == (["double"], ["add", "count", "more"])
    gate.some()
    assert gate.keys() == {"add": "add", "double": "double.2", "more": "more"}
    removed = gate.changed("--remove", "add", "--path", path.format("more -> double"))
    assert (removed["ended"], removed["kept"]) == (["add"], ["double", "count", "more"])
    gate.all_came()
    assert gate.keys() == {"double": "double.2", "more": "more"}
    assert gate.byte() == (START + 1) * 3 % 256
    assert gate.weft("show", "gate", "--graph") == removed["graph"] + "\n"


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        (
            "add.c",
            "int main(void) { return 3; }\n",
            "weft: 'gate' was not changed (stage: component); all is as before\n"
            "  component 'add' ended with status 3 before it was ready\n",
        ),
        (
            "double.py",
            "raise SystemExit('no licence')\n",
            "weft: 'gate' was not changed (stage: component); all is as before\n"
            "  component 'double' ended with status 1 before it was ready\n"
            "  double: no licence\n",
        ),
    ],
)
def test_a_component_that_does_not_start_leaves_all_as_it_was(
    gate: Gate, file: str, text: str, complaint: str
) -> None:
    before = (gate.weft.ps()[0]["package"], gate.pids(), gate.weft("show", "gate", "--graph"))
    folders = sorted(path.name for path in run_folder(gate).iterdir())
    gate.flow()
    gate.files({"vnf.yaml": MANIFEST.replace("1.0.0", "2.0.0"), file: text})
    said = gate.change(str(gate.folder), status=1)
    assert said.removeprefix("weft: add: compiling add.c\n") == complaint
    gate.all_came()
    after = (gate.weft.ps()[0]["package"], gate.pids(), gate.weft("show", "gate", "--graph"))
    assert after == before
    assert sorted(path.name for path in run_folder(gate).iterdir()) == folders
    assert sorted(path.name for path in (run_folder(gate) / "components").iterdir()) == [
        "add",
        "double",
    ]


@pytest.mark.parametrize("rate_pps", [HIGH_RATE_PPS])
def test_a_component_that_ends_when_the_graph_has_changed_is_taken_back(gate: Gate) -> None:
    graph = gate.weft("show", "gate", "--graph")
    pid = gate.pids()["add"]
    gate.flow()
    gate.files({"double.py": LATE})
    assert gate.change(str(gate.folder), status=1) == (
        "weft: 'gate' was not changed (stage: component); all is as before\n"
        "  component 'double' ended with status 7 before it was ready\n"
    )
    gate.all_came()
    assert gate.weft("show", "gate", "--graph") == graph
    assert gate.pids()["add"] == pid
    assert gate.keys() == {"add": "add", "double": "double"}
    gate.files({"double.py": DOUBLE.replace("* 2", "* 3")})
    assert gate.changed(str(gate.folder))["replaced"] == ["double"]
    assert gate.byte() == (START + 3) * 3 % 256


def test_a_change_is_made_once(gate: Gate) -> None:
    agent = LocalAgent(RunDirectory(gate.weft.run_directory))
    change = Change(UUID(run_folder(gate).name), edit=Edit("in -> double -> add -> count -> out"))
    first = asyncio.run(agent.reconfigure("once", change))
    assert asyncio.run(agent.reconfigure("once", change)) == first
    assert first.kept == ("add", "double", "count")
    assert first.graph == gate.weft("show", "gate", "--graph").removesuffix("\n")
    assert gate.byte() == (START * 2 + 3) % 256


def test_each_of_several_functions_is_changed_or_told_why_not(gate: Gate) -> None:
    other = gate.folder.parent / "other.click"
    other.write_text("FromDevice(in) -> Discard;\n")
    gate.weft("run", str(other), "-d", "--name", "gatf", "-i", f"in=netns:{gate.left.name}:eth1")
    path = "in -> double -> add -> count -> out; out -> in"
    done = gate.weft.popen("reconfigure", "gat*", "--path", path)
    out, said = done.communicate(timeout=60)
    assert done.returncode == 1
    assert out.splitlines() == [
        "NAME  OUTCOME  STARTED  KEPT                REPLACED  ENDED",
        "gate  changed  -        add, double, count  -         -",
        "gatf  failed   -        -                   -         -",
    ]
    assert said == (
        "weft: gate (1 of 2)\nweft: gatf (2 of 2)\n"
        "weft: a function that runs a Click file has no path and one component, 'graph', which can "
        "be replaced, not removed or joined by others\n"
    )


def test_what_does_not_compile_is_told_and_leaves_all_as_it_was(gate: Gate) -> None:
    pids = gate.pids()
    gate.flow()
    gate.files({"add.c": "int main(void) { return x; }\n"})
    complaint = gate.change(str(gate.folder), status=1)
    assert "add.c:1: " in complaint
    assert "'x' undeclared" in complaint
    gate.all_came()
    assert gate.pids() == pids


def run_folder(gate: Gate) -> Path:
    [row] = gate.weft.ps()
    folder: Path = gate.weft.run_directory / row["uuid"]
    return folder


def test_an_interrupted_change_leaves_all_as_it_was(gate: Gate) -> None:
    pids = gate.pids()
    gate.flow()
    gate.files({"double.py": "import time\ntime.sleep(60)\n"})
    changing = gate.weft.popen("reconfigure", "gate", str(gate.folder))
    while "double" not in {item["key"][:-2] for item in gate.weft.ps()[0]["components"]}:
        assert changing.poll() is None
    changing.send_signal(signal.SIGINT)
    assert changing.wait(30) == 130
    changing.communicate()
    gate.all_came()
    assert gate.pids() == pids


def test_after_a_stop_and_a_killed_engine_the_new_graph_runs(gate: Gate) -> None:
    gate.files({"vnf.yaml": MANIFEST.replace("1.0.0", "2.0.0"), "add.c": ADD % 5})
    changed = gate.changed(str(gate.folder))
    assert (changed["replaced"], changed["version"]) == (["add"], "2.0.0")
    assert gate.weft.ps()[0]["package"] == "gate 2.0.0"
    gate.weft("stop", "gate")
    gate.weft("start", "gate")
    assert gate.byte() == (START + 5) * 2 % 256
    assert gate.keys() == {"add": "add.2", "double": "double"}
    again = gate.changed(str(gate.folder))
    assert again["kept"] == ["add", "double", "count"]


def test_a_dry_run_shows_the_plan_and_changes_nothing(gate: Gate) -> None:
    pids = gate.pids()
    graph = gate.weft("show", "gate", "--graph")
    path = "in -> double -> count -> out; out -> in"
    shown = gate.change("--dry-run", "--remove", "add", "--path", path)
    plan, _, planned = shown.partition("\n\n")
    assert plan == (
        "name      gate\noutcome   planned\nversion   1.0.0\nstarted   -\n"
        "kept      double, count\nreplaced  -\nended     add"
    )
    assert planned.endswith(f"{path}\n")
    assert "double :: Component(" in planned
    assert "add :: " not in planned
    assert gate.pids() == pids
    assert gate.weft("show", "gate", "--graph") == graph


def test_frames_have_the_byte_that_is_changed() -> None:
    assert numbered_frame(1)[AT] == START
