"""The firewall between two hosts, in each of its combinations: which frames pass, byte by byte."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import arp, echo, ethernet, udp
from tests.support.hosts import between
from tests.support.running import Running
from tests.support.sockets import packet_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PACKAGE = Path(__file__).parent
CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
CLIENT_MAC, SERVER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
FILTERS = {
    "c": "{framework: c, file: filter.c}",
    "click": "{framework: click, file: filter.click}",
    "java": "{framework: java, file: Filter.java}",
    "python": "{framework: python, file: filter.py}",
    "javascript": "{framework: javascript, file: filter.mjs}",
}
WITHOUT_SCAPY = "{framework: python, file: numpy_analyzer.py, arguments: ['${SIGNATURES}']}"


def with_line(folder: Path, component: str, line: str) -> Path:
    """The package with another line for one component: nothing else differs."""
    target = folder / "l7-firewall"
    if not target.exists():
        shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__", "test_*"))
    manifest = target / "vnf.yaml"
    text = re.sub(rf"(?m)^  {component}: .*$", f"  {component}: {line}", manifest.read_text())
    manifest.write_text(text)
    return target


def asked(data: bytes, port: int = 443) -> bytes:
    payload = udp(CLIENT, SERVER, (5000, port), data)
    return ethernet(SERVER_MAC, CLIENT_MAC, 0x0800, payload)


def answered(data: bytes, port: int = 443) -> bytes:
    payload = udp(SERVER, CLIENT, (port, 5000), data)
    return ethernet(CLIENT_MAC, SERVER_MAC, 0x0800, payload)


class Wire:
    """Both ends of the function."""

    def __init__(self, run: Weft, left: Host, right: Host) -> None:
        self.run = run
        self._ends = [packet_socket(left), packet_socket(right)]

    def pass_through(
        self,
        frames: list[bytes],
        back: bool = False,
        while_sent: Callable[[], None] = lambda: None,
    ) -> list[bytes]:
        """What of these frames comes out at the other side, before a last one that always does."""
        sender, receiver = reversed(self._ends) if back else self._ends
        last = (answered if back else asked)(b"the last one")
        for frame in [*frames, last]:
            sender.send(frame)
        while_sent()
        came = []
        while (frame := receiver.recv(65536)) != last:
            came.append(frame)
        return came

    def read(self, *handler: str) -> Any:
        return json.loads(self.run("read", "firewall", *handler))

    def drops(self) -> dict[str, int]:
        """Drops by element and reason."""
        elements = self.read("stats")["elements"]
        return {
            f"{item['name']}: {reason}": count
            for item in elements
            for reason, count in item["drops"].items()
            if count
        }

    def close(self) -> None:
        for end in self._ends:
            end.close()


@pytest.fixture
def start(weft: Weft, make_host: Callable[[str], Host]) -> Iterator[Callable[[Path], Wire]]:
    with contextlib.ExitStack() as stack:

        def begin(package: Path) -> Wire:
            left, right = make_host("left"), make_host("right")
            left.keep_silent()
            right.keep_silent()
            weft("run", str(package), "-d", "--name", "firewall", *between(left, right))
            wire = Wire(weft, left, right)
            stack.callback(wire.close)
            return wire

        yield begin


@pytest.fixture
def traffic() -> Iterator[Any]:
    sys.path.insert(0, str(PACKAGE))
    try:
        import traffic

        yield traffic
    finally:
        sys.path.remove(str(PACKAGE))
        sys.modules.pop("traffic", None)


@pytest.mark.parametrize("language", FILTERS)
def test_what_bears_the_signature_is_blocked_both_ways_whatever_the_filter_is_written_in(
    language: str, start: Callable[[Path], Wire], tmp_path: Path, traffic: Any
) -> None:
    package = with_line(tmp_path, "analyzer", WITHOUT_SCAPY)
    wire = start(with_line(tmp_path, "filter", FILTERS[language]))
    block_and_pass(wire, traffic)
    if language == "click":
        assert wire.drops() == {"filter/in: nsh-context": 40, "filter/out: nsh-context": 1}
    else:
        assert wire.drops() == {"filter: nsh-context": 41}
        assert wire.read("filter.dropped") == 41
    assert package.exists()


def test_packets_that_come_in_one_large_batch_are_looked_into(
    start: Callable[[Path], Wire], tmp_path: Path, traffic: Any
) -> None:
    wire = start(with_line(tmp_path, "analyzer", WITHOUT_SCAPY))
    random = Random(7)
    frames = [asked(traffic.greeting(random)), asked(b"plain"), asked(b"else", port=99)] * 30
    process = Running(wire.run, wire.run.ps()[0]).component("analyzer").pid
    assert process is not None
    os.kill(process, signal.SIGSTOP)
    came = wire.pass_through(frames, while_sent=lambda: os.kill(process, signal.SIGCONT))
    assert came == [asked(b"plain"), asked(b"else", port=99)] * 30
    assert wire.read("analyzer.found") == {"skype-like": 30}


def test_scapy_finds_the_same(start: Callable[[Path], Wire], traffic: Any) -> None:
    wire = start(PACKAGE)
    block_and_pass(wire, traffic)
    assert wire.drops() == {"filter: nsh-context": 41}


def block_and_pass(wire: Wire, traffic: Any) -> None:
    random = Random(4)
    question = arp(1, (CLIENT_MAC, CLIENT), ("00:00:00:00:00:00", SERVER))
    harmless = [
        ethernet(SERVER_MAC, CLIENT_MAC, 0x0806, question),
        ethernet(SERVER_MAC, CLIENT_MAC, 0x0800, echo(CLIENT, SERVER)),
        asked(traffic.greeting(random), port=8080),
        *(asked(payload) for payload in traffic.lookalikes(random)),
        b"\xff" * 14,
        asked(b"x" * 1400, port=80),
    ]
    sent = []
    for frame in harmless * 5:
        sent += [asked(traffic.greeting(random)), frame]
    sent = sent[: 2 * 40] + harmless * 5
    came = wire.pass_through(sent)
    assert came == (harmless * 5)[:40] + harmless * 5
    back = [answered(traffic.greeting(random), port=80), answered(b"a page")]
    assert wire.pass_through(back, back=True) == back[1:]
    assert wire.read("analyzer.found") == {"skype-like": 41}
    assert wire.read("analyzer.packets") == len(sent) + 4
    assert wire.read("analyzer.parsing") > 0


def test_the_filter_is_exchanged_for_one_in_another_language_while_it_runs(
    start: Callable[[Path], Wire], tmp_path: Path, traffic: Any
) -> None:
    wire = start(with_line(tmp_path, "analyzer", WITHOUT_SCAPY))
    fingerprint, plain = asked(traffic.greeting(Random(5))), asked(b"plain")
    assert wire.pass_through([fingerprint, plain]) == [plain]
    for change in ("python:filter.py", "click:filter.click", "c:filter.c"):
        framework, _, file = change.partition(":")
        replacement = f"filter={framework}:{PACKAGE / file}"
        told = wire.run("reconfigure", "firewall", "--replace", replacement, "-o", "json")
        assert "analyzer" in json.loads(told)["kept"]
        assert wire.pass_through([fingerprint, plain]) == [plain]
    assert wire.read("analyzer.found") == {"skype-like": 4}


def test_signatures_are_replaced_while_it_runs_all_or_none(
    start: Callable[[Path], Wire], tmp_path: Path, traffic: Any
) -> None:
    wire = start(with_line(tmp_path, "analyzer", WITHOUT_SCAPY))
    fingerprint = asked(traffic.greeting(Random(6)))
    hello = asked(b"hello", port=8080)
    other = '[[signature]]\nnumber = 9\nname = "hello"\nports = [8080]\n'
    good = other + 'patterns = [{bytes = "68 65 6c 6c 6f", at = 0}]\n'
    complaint = wire.run("write", "firewall", "analyzer.signatures", other, status=1)
    assert "signature 1: 'patterns' is missing" in complaint
    assert wire.pass_through([fingerprint, hello]) == [hello]
    wire.run("write", "firewall", "analyzer.signatures", good)
    assert wire.run("read", "firewall", "analyzer.signatures") == good
    assert wire.pass_through([fingerprint, hello]) == [fingerprint]
    assert wire.read("analyzer.found") == {"hello": 1}
