"""Components that break the contract, under traffic: each costs its own packets, all accounted for.

WEFT_SCRIBBLE_S: for how many seconds random bytes are written over all shared memory; else 5.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_children import HOSTILE
from tests.support.component_engine import until
from tests.support.pcap import write_pcap

if TYPE_CHECKING:
    from tests.support.component_children import Child

SCRIBBLE_S = float(os.environ.get("WEFT_SCRIBBLE_S", "5"))
COUNT, TROUBLE_AT, GAP_US = 3000, 1000, 100
LAST = 300
HELD = 100
FALLBACKS = {"drop": {"component-away"}, "bypass": set(), "hold": {"hold-full"}}
ATTACKS = {
    # The number of a packet that was returned may be in use again.
    "double": r"returned a packet (that is not the component's|in another slot)",
    "foreign": r"returned a packet (that is not the component's|in another slot|index that does not exist)",
    "range": r"returned a packet that does not lie inside its slot",
    "tail": r"[0-9]+ descriptors returned, more than there are packets",
    "parent": r"named a parent for what is no empty frame of the component's",
    "parents": r"named a second parent for an empty frame",
}


@pytest.fixture(params=FALLBACKS)
def fallback(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


class Trouble:
    """Numbered packets in real time through a component that is to misbehave."""

    def __init__(self, bench: Bench, fallback: str, operation: int = 0) -> None:
        self.bench, self.fallback = bench, fallback
        self.frames = numbered(COUNT)
        self.frames[TROUBLE_AT] = frame(operation, 0, len(self.frames[0]))
        arguments = f"CAPACITY 4096, LIMIT 200ms, FALLBACK {fallback}, HOLD {HELD}"
        bench.load(self.frames, Sides(arguments=arguments, source="TIMING true"))
        write_pcap(bench.folder / "in.pcap", self.frames, gap_us=GAP_US)

    def past(self, count: int) -> None:
        """Return when so many packets have been sent."""
        until(lambda: self.bench.engine.number("src.count") >= count, f"{count} packets are sent")

    def check(self, *reasons: str, at_most: str = "") -> None:
        """Everything sent is accounted for, none twice, none overtaken, none changed.

        Drops are for each of `reasons`, perhaps for `at_most`, and for what the fallback does.
        """
        bench = self.bench
        self.past(COUNT)
        until(lambda: bench.engine.number("c.in_flight") == 0, "nothing is outside")
        if self.fallback == "hold":
            full = "hold-full" in bench.drops
            assert (bench.engine.number("c.waiting") == HELD) == full
        bench.account()
        bench.attach()
        bench.settle()
        bench.account()
        drops = bench.drops
        allowed = {*reasons, at_most, *FALLBACKS[self.fallback]}
        assert set(reasons) <= set(drops) <= allowed, drops
        [received] = bench.outputs()
        at = {packet: number for number, packet in enumerate(self.frames)}
        numbers = [at[packet] for packet in received]
        assert numbers == sorted(set(numbers))
        assert len(numbers) + sum(drops.values()) == COUNT

    def check_afterwards(self) -> None:
        """A fresh child is there: what is sent now arrives whole."""
        bench = self.bench
        before = bench.drops
        bench.again(LAST)
        bench.settle()
        assert bench.outputs()[0][-LAST:] == self.frames[-LAST:]
        assert bench.drops == before
        bench.account()


def test_an_exit(c_bench: Bench, fallback: str) -> None:
    trouble = Trouble(c_bench, fallback, operation=16)
    child = c_bench.attach()
    c_bench.flow()
    assert child.wait() == 3
    c_bench.engine.wait_for("component conf gone component-lost")
    trouble.check("component-lost")
    trouble.check_afterwards()
    assert not [line for line in c_bench.engine.lines if " kill " in line]


def test_a_kill(c_bench: Bench, fallback: str) -> None:
    """It stands still before, so that it has packets when it is killed."""
    trouble = Trouble(c_bench, fallback)
    child = c_bench.attach()
    c_bench.flow()
    trouble.past(TROUBLE_AT)
    child.halt()
    until(lambda: c_bench.engine.number("c.in_flight") > 0, "packets are outside")
    child.kill()
    c_bench.engine.wait_for("component conf gone component-lost")
    trouble.check("component-lost")
    trouble.check_afterwards()


def test_a_hang(c_bench: Bench, fallback: str) -> None:
    trouble = Trouble(c_bench, fallback, operation=17)
    child = c_bench.attach()
    c_bench.flow()
    c_bench.engine.wait_for("component conf gone component-hung")
    assert c_bench.engine.lines[2] == "component conf kill component-hung"
    text = r"component 'conf' cut off: it has [0-9]+ packets and returned none for 200 ms\n"
    assert re.fullmatch(text, c_bench.engine.log())
    assert child.process.poll() is None
    child.kill()
    trouble.check("component-hung")
    trouble.check_afterwards()


def attach_hostile(bench: Bench, *arguments: str) -> Child:
    times = bench.engine.lines.count("component conf ready")
    child = bench.child(*arguments, kind=HOSTILE)
    bench.engine.wait_for("component conf ready", times + 1)
    return child


@pytest.mark.parametrize("attack", ["double", "foreign", "range", "tail"])
def test_a_wrong_return(c_bench: Bench, fallback: str, attack: str) -> None:
    trouble = Trouble(c_bench, fallback)
    child = attach_hostile(c_bench, attack)
    c_bench.flow()
    c_bench.engine.wait_for("component conf gone violation")
    assert c_bench.engine.lines[2] == "component conf kill violation"
    text = rf"component 'conf' cut off: {ATTACKS[attack]}\n"
    assert re.fullmatch(text, c_bench.engine.log()), c_bench.engine.log()
    child.kill()
    trouble.check(at_most="violation")
    trouble.check_afterwards()


@pytest.mark.parametrize("seed", range(5))
def test_random_messages(c_bench: Bench, seed: int) -> None:
    """One of them is wrong sooner or later, or a goodbye."""
    trouble = Trouble(c_bench, "bypass")
    child = attach_hostile(c_bench, "messages", str(seed))
    c_bench.flow()
    lines = c_bench.engine.lines
    until(lambda: any(" gone " in line for line in lines), "it is cut off or leaves")
    child.kill()
    if lines[2] == "component conf kill violation":
        assert lines[3] == "component conf gone violation"
        assert re.fullmatch(r"component 'conf' cut off: .+\n", c_bench.engine.log())
        trouble.check(at_most="violation")
    else:
        assert lines[2:] == ["component conf gone component-lost"]
        trouble.check(at_most="component-lost")
    trouble.check_afterwards()


VERSIONS = {
    "version": "contract version 2.0 is not served; this engine serves 1.0 to 1.2",
    "size": "descriptors of 24 and metadata records of 64 bytes; they have 16 and 64",
}


@pytest.mark.parametrize("attack", VERSIONS)
def test_a_wrong_hello_is_refused_while_the_right_component_works(
    c_bench: Bench, attack: str
) -> None:
    trouble = Trouble(c_bench, "drop")
    c_bench.attach()
    c_bench.flow()
    child = c_bench.child(attack, kind=HOSTILE)
    assert child.wait() == 1
    assert child.said() == VERSIONS[attack] + "\n"
    c_bench.settle()
    c_bench.expect([trouble.frames])
    assert c_bench.drops == {}
    assert c_bench.engine.lines == ["ready", "component conf ready"]


def test_a_component_that_does_not_come_back_holds_no_more_than_it_may(c_bench: Bench) -> None:
    frames = numbered(HELD + 50)
    sides = Sides(arguments=f"FALLBACK hold, HOLD {HELD}", source="BURST 256")
    c_bench.load(frames, sides)
    c_bench.flow()
    until(lambda: c_bench.engine.number("src.count") == len(frames), "all is sent")
    assert c_bench.engine.number("c.waiting") == HELD
    assert c_bench.drops == {"hold-full": 50}
    c_bench.attach()
    c_bench.settle()
    c_bench.expect([frames[:HELD]])


def test_a_component_that_never_came_is_bypassed(c_bench: Bench) -> None:
    frames = numbered(100)
    c_bench.load(frames, Sides(arguments="FALLBACK bypass"))
    c_bench.flow()
    c_bench.settle()
    c_bench.expect([frames])


# ---- scribbling

NEIGHBOURS = """
    src :: RatedSource(DATA \\<{data}>, RATE 20000, ACTIVE false);
    c :: Component(conf, LIMIT 200ms{private});
    src -> c -> out0 :: Counter -> Discard;
    file :: FromDump({folder}/in.pcap, TIMING true, ACTIVE false);
    file -> d :: Component(good, CAPACITY 4096, LIMIT 60s)
        -> out1 :: ToDump({folder}/out0.pcap, SNAPLEN 0, UNBUFFERED true);
"""


def scribble(bench: Bench, seconds: float) -> int:
    """Start hostile children as often as they are to be ended; how often that was."""
    end, seed = time.monotonic() + seconds, 1
    child = bench.child("scribble", str(int(seconds) + 60), str(seed), kind=HOSTILE)
    while time.monotonic() < end and bench.engine.alive:
        kills = sum(" conf kill " in line for line in bench.engine.lines)
        if kills >= seed or child.process.poll() is not None:
            child.kill()
            seed += 1
            child = bench.child("scribble", str(int(seconds) + 60), str(seed), kind=HOSTILE)
        time.sleep(0.01)
    child.kill()
    return seed


def test_random_bytes_over_all_shared_memory(c_bench: Bench, private: str) -> None:
    """A neighbour loses no packet, and no byte where the scribbler has frames of its own.

    The neighbour's packets are too short to ask anything of it, whatever their bytes become.
    """
    frames = [n.to_bytes(4, "big") + bytes(11) for n in range(int(SCRIBBLE_S * 1000))]
    write_pcap(c_bench.folder / "in.pcap", frames, gap_us=1000)
    arguments = f", {private}" if private else ""
    data = frame(0, 0, 64).hex()
    graph = NEIGHBOURS.format(data=data, folder=c_bench.folder, private=arguments)
    c_bench.start(graph, 0)
    c_bench.child(key="good")
    c_bench.engine.wait_for("component good ready")
    c_bench.engine.write("file.active", "true")
    c_bench.flow()
    assert scribble(c_bench, SCRIBBLE_S) > 1
    assert c_bench.engine.alive, c_bench.engine.log()
    c_bench.engine.write("src.active", "false")
    until(lambda: c_bench.engine.number("c.in_flight") == 0, "nothing is outside")
    until(lambda: c_bench.engine.number("out1.count") == len(frames), "the neighbour is done")
    if private:
        c_bench.expect([frames])
    allowed = {"component", "violation", "component-lost", "component-hung", "component-away"}
    allowed |= {"ring-full", "hold-full"}
    assert set(c_bench.drops) <= allowed, c_bench.drops
    assert "violation" in c_bench.drops
    # Of what it scribbles, some asks for an empty frame to be sent.
    c_bench.account(emitted=c_bench.emitted)
    assert not [line for line in c_bench.engine.lines if line.startswith("component good gone")]
    assert c_bench.engine.drops("d") == {}


def test_random_bytes_in_headers_and_parents(c_bench: Bench, private: str) -> None:
    """In a function that is aware of service function chains: packets are lost, the engine is not."""
    header = bytes.fromhex("000000000002 000000000001 894f 0fc5 02 03 00000a c8 01000706")
    write_pcap(c_bench.folder / "in.pcap", [header + b"tenant\0\0" + frame(0, 0, 64)] * 1000)
    graph = f"""
        src :: FromDump({c_bench.folder}/in.pcap, ACTIVE false, END_CALL src.filepos 24);
        edge :: NSHFunction;
        c :: Component(conf, LIMIT 200ms{f", {private}" if private else ""});
        src -> CheckNSHHeader(14) -> edge -> c -> [1] edge [1] -> out0 :: Counter -> Discard;
    """
    c_bench.start(graph, 0)
    c_bench.flow()
    scribble(c_bench, SCRIBBLE_S)
    assert c_bench.engine.alive, c_bench.engine.log()
    c_bench.engine.write("src.active", "false")
    until(lambda: c_bench.engine.number("c.in_flight") == 0, "nothing is outside")
    assert {"violation", "nsh-tlv"} <= set(c_bench.drops), c_bench.drops


def test_the_engine_works_as_before_when_the_scribbler_is_gone(c_bench: Bench) -> None:
    frames = numbered(LAST)
    c_bench.load(frames, Sides(arguments="LIMIT 200ms"))
    scribble(c_bench, 1)
    until(lambda: c_bench.engine.read("c.state") == b"away", "the scribbler is gone")
    c_bench.attach()
    c_bench.flow()
    c_bench.settle()
    assert c_bench.outputs()[0][-LAST:] == frames
    c_bench.account()
