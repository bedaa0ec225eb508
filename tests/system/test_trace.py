"""What `weft trace` tells of packets in a running function."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.frames import ethernet, udp
from tests.support.hosts import between

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

COMPONENT = """#include <string.h>
#include <weft/component.h>
static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        uint8_t *data = weft_data(component, &packets[i]);
        if (packets[i].length < 42)
            continue;
        if (data[37] == 99) {
            weft_drop(&packets[i], 1);
            continue;
        }
        data[22]--;
        weft_packet made;
        if (data[37] == 77 && weft_new(component, packets[i].length, 64, &made)) {
            memcpy(weft_data(component, &made), data, made.length);
            weft_data(component, &made)[37] = 78;
            weft_send(component, &made, 1);
        }
    }
}
int main(void)
{
    static const char *const reasons[] = {"port-99"};
    return weft_run(&(weft_options){.process = process, .reasons = reasons, .reason_count = 1});
}
"""
EDGE = """input -> copies :: Tee;
copies[0] -> mark :: Paint(7) -> output;
copies[1] -> strip :: Strip(14) -> end :: Discard;
"""
MANIFEST = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  ttl: {framework: c, file: ttl.c}
  edge: {framework: click, file: edge.click}
path: |
  in -> ttl -> edge -> out
  out -> in
"""
TEXT = """packet 1: 47 bytes, Ethernet 02:00:00:00:00:01 > 02:00:00:00:00:02, \
IPv4 10.0.0.1 > 10.0.0.2, UDP 1000 > 53
0 us  in/from :: FromDevice [0]
              0000  02 00 00 00 00 02 02 00 00 00 00 01 08 00 45 00
              0010  00 21 00 01 00 00 40 11 66 c9 0a 00 00 01 0a 00
              0020  00 02 03 e8 00 35 00 0d a3 e2 68 65 6c 6c 6f
0 us  [0] ttl :: Component [0]  1 byte changed; link header forgotten
            - 0010  00 21 00 01 00 00 40 11 66 c9 0a 00 00 01 0a 00
            + 0010  00 21 00 01 00 00 3f 11 66 c9 0a 00 00 01 0a 00
                                      ^^
0 us  [0] edge/copies :: Tee [0]
0 us  [0] edge/copies :: Tee [1]  copy 1 of the packet
0 us  [0] edge/mark :: Paint [0]  paint 0 -> 7
0 us  [0] out/queue :: Queue [0]
0 us  [0] edge/strip :: Strip [0]  copy 1; 14 bytes less in front; 33 bytes
0 us  [0] edge/end :: Discard  copy 1; discarded
0 us  [0] out/to :: ToDevice  sent
"""
PATIENCE_S = 20.0


class Wire:
    """The running function, and a socket that sends into it."""

    def __init__(self, weft: Weft, host: Host) -> None:
        self.weft = weft
        with host.namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind(("eth0", 0))

    def send(self, *ports: int) -> None:
        for port in ports:
            datagram = udp("10.0.0.1", "10.0.0.2", (1000, port), b"hello")
            self._socket.send(ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x0800, datagram))

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.weft("read", "gate", "trace"))
        return state

    def wait_for(self, what: Callable[[dict[str, Any]], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not what(self.state()):
            assert time.monotonic() < deadline, self.state()
            time.sleep(0.05)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `weft trace`; back when it waits for packets."""
        former = self.state().get("id")
        trace = self.weft.popen("trace", "gate", *arguments)
        self.wait_for(lambda state: state["state"] == "running" and state["id"] != former)
        return trace

    def trace(self, *arguments: str, ports: tuple[int, ...] = ()) -> tuple[int, str, str]:
        """Status, output and complaints of a trace while packets to `ports` are sent."""
        trace = self.begin(*arguments)
        self.send(*ports)
        out, said = trace.communicate(timeout=PATIENCE_S)
        return trace.returncode, out, said

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def wire_between(weft: Weft, make_host: Callable[[str], Host], tmp_path: Path) -> Iterator[Wire]:
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    folder = tmp_path / "gate"
    folder.mkdir()
    for name, text in (("vnf.yaml", MANIFEST), ("ttl.c", COMPONENT), ("edge.click", EDGE)):
        (folder / name).write_text(text)
    weft("run", str(folder), "-d", *between(left, right))
    wire = Wire(weft, left)
    yield wire
    wire.close()


def outcomes(out: str) -> list[str]:
    """Of a trace's lines of JSON: packet.branch, element, what became of it."""
    told = [json.loads(line) for line in out.splitlines()][:-1]
    return [
        f"{hop['packet']}.{hop['branch']} {hop['element']} {hop['reason'] or hop['outcome']}"
        for hop in told
    ]


def test_a_packet_is_followed_through_processes_copies_and_queues(wire_between: Wire) -> None:
    status, out, said = wire_between.trace(ports=(53,))
    assert (status, re.sub(r"(?m)^ *[\d.]+ us", "0 us", out)) == (0, TEXT)
    assert said == (
        "weft: all packets were followed to their end: packets seen: 1, matched: 1, traced: 1\n"
    )


def test_a_filter_chooses_and_a_component_gives_its_reason(wire_between: Wire) -> None:
    chosen = ("--filter", "udp and dst port 99", "-o", "json")
    _, out, _ = wire_between.trace(*chosen, ports=(53, 99))
    assert outcomes(out) == ["1.0 in/from out", "1.0 ttl port-99"]
    end = json.loads(out.splitlines()[-1])
    assert (end["seen"], end["matched"], end["ending"]) == (2, 1, "complete")


def test_a_packet_that_a_component_makes_comes_in_there(wire_between: Wire) -> None:
    _, out, _ = wire_between.trace("--filter", "dst port 78", "-o", "json", ports=(77,))
    hops = [json.loads(line) for line in out.splitlines()]
    assert (hops[0]["element"], hops[0]["input"], hops[0]["before"]) == ("ttl", None, None)
    assert outcomes(out)[-1] == "1.0 out/to sent"
    assert (hops[-1]["seen"], hops[-1]["chosen"]) == (2, 1)


def test_bytes_choose_at_an_element_one_of_several(wire_between: Wire) -> None:
    chosen = (
        "--bytes",
        "36/0035",
        "--at",
        "edge/mark",
        "--every",
        "2",
        "--count",
        "2",
        "-o",
        "json",
    )
    _, out, _ = wire_between.trace(*chosen, ports=(53, 54, 53, 53, 53, 53))
    first = [line for line in outcomes(out) if line.startswith("1.")]
    assert first == ["1.0 edge/mark out", "1.0 out/queue out", "1.0 out/to sent"]
    hops = [json.loads(line) for line in out.splitlines()][:-1]
    assert {hop["packet"] for hop in hops} == {1, 2}
    assert json.loads(out.splitlines()[-1])["matched"] == 3


def test_where_no_packet_matches_it_ends_with_the_time(wire_between: Wire) -> None:
    trace = wire_between.begin("--filter", "tcp", "--timeout", "3")
    wire_between.send(53)
    wire_between.wait_for(lambda state: state["seen"] == 1)
    out, said = trace.communicate(timeout=PATIENCE_S)
    assert (trace.returncode, out) == (1, "")
    assert said == "weft: --timeout 3 is over: packets seen: 1, matched: 0, traced: 0\n"
    assert wire_between.state()["ending"] == "stopped"


def test_a_second_trace_is_refused_and_an_interrupt_ends_the_first(wire_between: Wire) -> None:
    trace = wire_between.begin()
    assert wire_between.weft("trace", "gate", status=1) == (
        "weft: no trace: a trace is running already; it ends when its packets have gone their way, "
        "when nobody reads it any more, or when 'trace_stop' is written\n"
    )
    trace.send_signal(signal.SIGINT)
    _, said = trace.communicate(timeout=PATIENCE_S)
    assert (trace.returncode, said) == (
        0,
        "weft: stopped: packets seen: 0, matched: 0, traced: 0\n",
    )
    assert wire_between.state()["ending"] == "stopped"


def test_a_trace_whose_client_dies_ends(wire_between: Wire) -> None:
    trace = wire_between.begin()
    trace.kill()
    trace.communicate(timeout=PATIENCE_S)
    # Nothing is read until its lease is over: by then a new one can begin.
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            wire_between.weft("write", "gate", "trace", "ID next")
            break
        except AssertionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert wire_between.state()["id"] == "next"


def test_wrong_questions_are_answered(wire_between: Wire) -> None:
    weft = wire_between.weft
    assert weft("trace", "gate", "--filter", "udp bort", status=1) == (
        "weft: no trace: pattern 0: empty term near 'bort'\n"
        "pattern 0: garbage after expression at 'bort'\n"
    )
    assert weft("trace", "gate", "--at", "nowhere", status=1) == (
        "weft: no trace: AT: no element named 'nowhere'\n"
    )


def test_a_trace_goes_on_when_the_function_is_reconfigured(wire_between: Wire) -> None:
    trace = wire_between.begin("--count", "2", "-o", "json")
    wire_between.send(53)
    wire_between.wait_for(lambda state: state["chosen"] == 1)
    path = "in -> edge -> out\nout -> in\n"
    wire_between.weft("reconfigure", "gate", "--remove", "ttl", "--path", path)
    wire_between.send(54)
    out, _ = trace.communicate(timeout=PATIENCE_S)
    second = [line for line in outcomes(out) if line.startswith("2.0")]
    assert (trace.returncode, second) == (
        0,
        [
            "2.0 in/from out",
            "2.0 edge/copies out",
            "2.0 edge/mark out",
            "2.0 out/queue out",
            "2.0 out/to sent",
        ],
    )
