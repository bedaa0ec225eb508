"""Functions with a role in service chains, between two hosts: what is on the wire, byte by byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import arp, ethernet, tcp, udp
from tests.support.service_frames import in_ethernet, nsh
from tests.support.sockets import packet_socket
from tests.system.test_programs import BRIDGE, logged
from weft.server.namespaces import Namespace

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

SFF, SF = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
HERE, THERE = "02:00:00:00:00:0b", "02:00:00:00:00:0c"
CONTEXT = bytes(range(16))
WEB = ethernet(THERE, HERE, 0x0800, tcp("10.0.0.1", "10.0.0.2", (1024, 80)))
DNS = ethernet(THERE, HERE, 0x0800, udp("10.0.0.1", "10.0.0.2", (1024, 53)))
WEB_BACK = ethernet(HERE, THERE, 0x0800, tcp("10.0.0.2", "10.0.0.1", (80, 1024)))
HEAD = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
PROXY = """\
nsh: proxy
components:
  fw: {framework: click, text: "input -> MarkIPHeader(14) -> f :: IPClassifier(tcp) -> output;"}
path: |
  in -> fw -> out
  out -> in
"""
AWARE = """\
nsh: aware
components:
  look: {framework: python, file: look.py}
path: |
  in -> look -> out
  out -> in
"""
# It tells what it sees; path 20 goes on at index 100 of path 21, and the context is turned round.
LOOK = b"""from weft.component import Component

component = Component()

@component.packet
def look(packet):
    print(packet.nsh.spi, packet.nsh.si, packet.nsh.context.hex(), len(packet), flush=True)
    packet.nsh.context = packet.nsh.context[::-1]
    if packet.nsh.spi == 20:
        packet.nsh.spi, packet.nsh.si = 21, 100

component.run()
"""
COUNT = b"""from weft.component import Component

component = Component()
seen = 0

@component.packet
def count(packet):
    global seen
    seen += 1

@component.handler("seen", type=int)
def read_seen():
    return seen

component.run()
"""
PROGRAM = """\
nsh: {role: proxy, reassociate: flow}
components:
  bridge: {framework: program, file: bridge, interfaces: [lan, wan]}
path: |
  in -> bridge -> in
  out -> [1]bridge[1] -> out
"""


def to_function(spi: int, si: int, payload: bytes, context: bytes = CONTEXT) -> bytes:
    return in_ethernet(SF, SFF, nsh((spi, si), payload, context=context))


def sender_of(frame: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in frame[6:12])


class Gate:
    """A function between two hosts, each with a packet socket."""

    def __init__(self, weft: Weft, left: Host, right: Host, folder: Path) -> None:
        self.weft = weft
        self.left, self.right = left, right
        self.folder = folder / "gate"
        self.folder.mkdir()
        self.ends: list[socket.socket] = []

    def start(self, text: str, files: dict[str, bytes] | None = None) -> None:
        (self.folder / "vnf.yaml").write_text(HEAD + text)
        for name, content in (files or {}).items():
            (self.folder / name).write_bytes(content)
        sides = zip(("in", "out"), (self.left, self.right), strict=True)
        bindings = [f"--interface={name}=netns:{host.name}:eth0" for name, host in sides]
        self.weft("run", str(self.folder), "-d", *bindings)
        self.ends = [packet_socket(self.left), packet_socket(self.right)]

    def through(self, *frames: bytes, back: bool = False) -> list[bytes]:
        """What comes out at the other side for these frames, before a last one that always does."""
        sender, receiver = reversed(self.ends) if back else self.ends
        return self.between(sender, receiver, *frames)

    def between(
        self, sender: socket.socket, receiver: socket.socket, *frames: bytes
    ) -> list[bytes]:
        last = to_function(0xFFFF, 9, WEB_BACK if sender is self.ends[1] else WEB, bytes(16))
        for frame in (*frames, last):
            sender.send(frame)
        came: list[bytes] = []
        while (frame := receiver.recv(65536))[18:22] != last[18:21] + b"\x08":
            came.append(frame)
        return came

    def read(self, handler: str) -> str:
        return self.weft("read", "gate", handler).strip()

    def look(self) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.weft("show", "gate", "-o", "json"))
        return shown

    def close(self) -> None:
        for end in self.ends:
            end.close()


@pytest.fixture
def gate(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Iterator[Gate]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    made = Gate(weft, left, right, tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_a_proxied_firewall_knows_nothing_of_headers(gate: Gate) -> None:
    gate.start(PROXY)
    came = gate.through(to_function(10, 255, WEB), to_function(10, 255, DNS))
    assert came == [to_function(10, 254, WEB)]
    back = gate.through(to_function(11, 3, WEB_BACK), back=True)
    assert back == [to_function(11, 2, WEB_BACK)]


def test_what_does_not_come_in_is_counted_by_reason(gate: Gate) -> None:
    gate.start(PROXY)
    question = ethernet(
        "ff:ff:ff:ff:ff:ff", SFF, 0x0806, arp(1, (SFF, "10.0.0.1"), (SF, "10.0.0.2"))
    )
    wrong = bytearray(to_function(10, 255, WEB))
    wrong[14] |= 0x40  # version 1
    at_end = to_function(10, 0, WEB)
    assert gate.through(question, WEB, bytes(wrong), at_end) == []
    assert gate.read("in/kind.drops") == "no-match 2"
    assert gate.read("in/check.drops") == "1"
    assert gate.read("nsh.drops") == "nsh-si 1"
    text = gate.weft("logs", "gate")
    assert "in/check: packet dropped as nsh-version: unknown version" in text
    assert "nsh: packet dropped as nsh-si: its service index is 0" in text


def test_the_graph_that_runs_shows_the_role(gate: Gate) -> None:
    gate.start(PROXY)
    graph = gate.weft("show", "gate", "--graph")
    assert "nsh :: NSHProxy(MTU 1500);\n" in graph
    assert "in[1] -> [0]nsh[0] -> [1]in; in[2] -> [2]nsh[2] -> [2]in;\n" in graph


def test_an_aware_component_reads_and_writes_headers(gate: Gate) -> None:
    gate.start(AWARE, {"look.py": LOOK})
    came = gate.through(to_function(10, 255, WEB), to_function(20, 4, DNS))
    assert came == [
        to_function(10, 254, WEB, CONTEXT[::-1]),
        to_function(21, 100, DNS, CONTEXT[::-1]),
    ]
    assert gate.through(to_function(11, 3, WEB_BACK), back=True) == [to_function(11, 2, WEB_BACK)]
    lines = logged(gate.weft, f"look: 20 4 {CONTEXT.hex()} {len(DNS)}")
    assert f"look: 10 255 {CONTEXT.hex()} {len(WEB)}" in lines


def test_a_program_loses_headers_and_flows_get_them_back(gate: Gate) -> None:
    gate.start(PROGRAM, {"bridge": BRIDGE})
    logged(gate.weft, "bridge: bridging")
    left, right = gate.ends
    left.send(to_function(10, 255, WEB))
    assert right.recv(65536) == to_function(10, 254, WEB)
    right.send(to_function(20, 5, WEB_BACK, bytes(16)))
    assert left.recv(65536) == to_function(20, 4, WEB_BACK, bytes(16))
    assert gate.read("nsh.flows") == "2"
    assert gate.read("nsh.drops") == ""


def test_packets_for_an_address_come_from_that_of_the_interface(gate: Gate) -> None:
    gate.start(PROXY.replace("proxy", f'{{role: proxy, mac: "{SFF}"}}'))
    with Namespace.of_process(gate.look()["pid"]) as inside:
        [link] = inside.route.get_links(inside.index_of("out"))
    own = link.get_attr("IFLA_ADDRESS")
    expected = in_ethernet(SFF, own, nsh((10, 254), WEB, context=CONTEXT))
    assert gate.through(to_function(10, 255, WEB)) == [expected]
    gate.weft("reconfigure", "gate", "--path", "in -> out; out -> fw -> in")
    assert gate.through(to_function(10, 255, WEB)) == [expected]


def test_rules_change_by_a_new_version_of_the_package(gate: Gate) -> None:
    rules = 'nsh: {{role: classifier, mac: "{}", rules: [{{match: {}, spi: {}}}]}}\n'
    gate.start(rules.format(SFF, "tcp", 10))
    left, right = gate.ends
    left.send(WEB)
    came = right.recv(65536)
    own = sender_of(came)
    assert came == in_ethernet(SFF, own, nsh((10, 255), WEB))
    text = (HEAD + rules.format(SFF, "udp", 11)).replace("1.0.0", "1.1.0")
    (gate.folder / "vnf.yaml").write_text(text)
    gate.weft("reconfigure", "gate", str(gate.folder))
    for frame in (WEB, DNS):
        left.send(frame)
    assert right.recv(65536) == in_ethernet(SFF, own, nsh((11, 255), DNS))
    gate.weft("write", "gate", "nsh.rules", "- => SPI 12 SI 3")
    left.send(WEB)
    assert right.recv(65536) == in_ethernet(SFF, own, nsh((12, 3), WEB))


def test_a_component_cannot_come_to_a_classifier(gate: Gate) -> None:
    gate.start(f'nsh: {{role: classifier, mac: "{SFF}"}}\n')
    adding = gate.folder.parent / "more.py"
    adding.write_bytes(COUNT)
    complaint = gate.weft("reconfigure", "gate", "--add", f"more=python:{adding}", status=1)
    assert "components: a classifier has none; leave it out, or choose another role" in complaint


def test_a_table_changes_while_it_is_used(gate: Gate) -> None:
    gate.start("nsh: forwarder\n")
    gate.weft("write", "gate", "nsh.add", f"10/255 => 1 ETHER out:eth {SF}")
    left, right = gate.ends
    left.send(to_function(10, 255, WEB))
    came = right.recv(65536)
    own = sender_of(came)
    assert came == in_ethernet(SF, own, nsh((10, 255), WEB, context=CONTEXT, ttl=62))
    addresses = f"{own} {SF}".replace(":", "-").upper()
    assert gate.read("nsh.table") == f"10/255 => 1 ETHER {addresses}"
    gate.weft("write", "gate", "nsh.set", f"10/255 => 0 ETHER in:eth {SF}")
    left.send(to_function(10, 255, DNS))
    assert left.recv(65536)[14:] == nsh((10, 255), DNS, context=CONTEXT, ttl=62)


def test_components_come_and_go_behind_a_proxy(gate: Gate) -> None:
    gate.start(PROXY)
    adding = gate.folder.parent / "more.py"
    adding.write_bytes(COUNT)
    path = "in -> fw -> more -> out; out -> in"
    gate.weft("reconfigure", "gate", "--add", f"more=python:{adding}", "--path", path)
    assert gate.through(to_function(10, 255, WEB)) == [to_function(10, 254, WEB)]
    assert gate.read("more.seen") == "2"
    path = "in -> more -> out; out -> in"
    gate.weft("reconfigure", "gate", "--remove", "fw", "--path", path)
    assert gate.through(to_function(10, 255, DNS)) == [to_function(10, 254, DNS)]
