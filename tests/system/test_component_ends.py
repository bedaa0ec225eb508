"""Ends of a component and of the engine in a sandbox, under traffic: what each costs, frame by frame."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.component_function import ComponentFunction
from tests.support.running import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

EXIT, HANG, TWICE = 1, 2, 3
AT = 40  # a byte that the component changes
# It does what a frame says behind its number, and takes its time to come back.
WORK = b"""#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <weft/component.h>
enum { EXIT = 1, HANG, TWICE };
static void process(weft_component *component, weft_packet *packets, size_t count, void *user)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        uint8_t *bytes = weft_data(component, &packets[i]);
        weft_packet again = packets[i];
        bytes[40]++;
        switch (bytes[22]) {
        case EXIT: _exit(3);
        case HANG: for (;;) pause();
        case TWICE:
            usleep(20000); /* more packets come meanwhile */
            weft_pass(component, packets, i + 1);
            weft_send(component, &again, 1);
            pause();
        }
    }
}
int main(void)
{
    if (chdir(getenv("HOME")) || open("been-here", O_CREAT | O_EXCL | O_WRONLY, 0600) < 0)
        usleep(200000);
    return weft_run(&(weft_options){.process = process});
}
"""
CAPACITY = 512
# What the engine takes from a device at a time, and what it gives one.
IN_HAND = 64 + 64
AWAY = {"drop": {"work: component-away"}, "bypass": set(), "hold": set()}
HUNG = "it has [0-9]+ packets and returned none for 200 ms"
TWICE_RETURNED = "returned a packet that is not the component's"


@pytest.fixture(params=AWAY)
def fallback(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def gate(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path, fallback: str
) -> Iterator[ComponentFunction]:
    entry = f"framework: c, file: work.c, limit: 200ms, capacity: {CAPACITY}, fallback: {fallback}"
    with ComponentFunction(weft, make_host, tmp_path, entry, {"work.c": WORK}) as made:
        yield made


def check(gate: ComponentFunction, fallback: str, reason: str, ends: int = 1) -> None:
    """sent = received + drops by reason: those that the component had, and what the fallback says.

    Nothing is doubled, overtaken or changed, but for what the component does to what it gets.
    """
    sent = gate.settle()
    drops = gate.drops()
    numbers = gate.receiver.numbers
    print(f"sent {sent}, received {len(numbers)}, drops {drops}")
    assert sent == len(numbers) + sum(drops.values())
    assert numbers == sorted(set(numbers))
    # A packet that comes back a second time is no longer one of those that the component has.
    possible = {f"work: {reason}"}
    certain = possible if reason != "violation" else set()
    assert certain | AWAY[fallback] <= set(drops) <= possible | AWAY[fallback]
    assert drops.get(f"work: {reason}", 0) <= ends * CAPACITY
    check_bytes(gate, bypassed=fallback == "bypass")


def check_bytes(gate: ComponentFunction, bypassed: bool) -> None:
    """All has been in the component, but for what went past it."""

    def change(frame: bytearray) -> None:
        frame[AT] += 1

    untouched = gate.altered(change)
    assert bool(untouched) == bypassed
    assert set(gate.altered()).isdisjoint(untouched)


def log(gate: ComponentFunction) -> str:
    return gate.weft("logs", gate.row["name"])


def check_end(gate: ComponentFunction, end: str) -> None:
    """It ended once, was started again, and nobody else was."""
    [line] = re.findall("init: component .*$", log(gate), re.MULTILINE)
    assert line == f"init: component 'work' {end}, restarted (1)"
    status = gate.status()
    assert (status.restarts, status.engine_pid) == (0, gate.row["engine_pid"])


def check_cut(gate: ComponentFunction, why: str) -> None:
    """The engine said why it would have no more of it."""
    [said] = re.findall("engine: component 'work' cut off: (.*)$", log(gate), re.MULTILINE)
    assert re.fullmatch(why, said), said


def test_an_exit(gate: ComponentFunction, fallback: str) -> None:
    gate.flow()
    gate.sender.mark(EXIT)
    gate.wait_until_back(1)
    gate.some()
    check(gate, fallback, "component-lost")
    check_end(gate, "ended with status 3")


def test_a_kill(gate: ComponentFunction, fallback: str) -> None:
    """It stands still before, so that it has packets when it is killed."""
    gate.flow()
    pid = gate.process.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: gate.number("in_flight") > 0, True)
    os.kill(pid, signal.SIGKILL)
    gate.wait_until_back(1)
    gate.some()
    check(gate, fallback, "component-lost")
    check_end(gate, "killed by signal 9")


def test_a_hang(gate: ComponentFunction, fallback: str) -> None:
    gate.flow()
    gate.sender.mark(HANG)
    gate.wait_until_back(1)
    gate.some()
    check(gate, fallback, "component-hung")
    check_end(gate, "killed: component-hung")
    check_cut(gate, HUNG)


def test_a_packet_that_is_returned_twice(gate: ComponentFunction, fallback: str) -> None:
    gate.flow()
    gate.sender.mark(TWICE)
    gate.wait_until_back(1)
    gate.some()
    check(gate, fallback, "violation")
    check_end(gate, "killed: violation")
    check_cut(gate, TWICE_RETURNED)


@pytest.mark.parametrize("fallback", ["hold"], indirect=True)
def test_it_is_restarted_ever_later(gate: ComponentFunction, fallback: str) -> None:
    ends = 5
    gate.flow()
    for number in range(1, ends + 1):
        gate.sender.mark(EXIT)
        gate.wait_until_back(number)
    gate.some()
    check(gate, fallback, "component-lost", ends)
    told = re.findall(r"status 3, restart(?:ed|ing in (\d+) ms) \((\d)\)", log(gate))
    assert [int(number) for _, number in told] == list(range(1, ends + 1))
    # The first process may have lived for too long to have ended quickly.
    pauses = [int(pause or 0) for pause, _ in told]
    assert pauses in ([0, 10, 20, 40, 80], [0, 0, 10, 20, 40]), pauses


@pytest.mark.parametrize("fallback", ["drop"], indirect=True)
def test_a_killed_engine(gate: ComponentFunction) -> None:
    """sent = received + what the engine and the component had; the component lives on."""
    pid = gate.process.pid
    gate.flow()
    kills = 3
    for number in range(1, kills + 1):
        gate.kill_engine()
        gate.wait_for_restart(number)
        gate.some()
    sent = gate.settle()
    numbers, drops = gate.receiver.numbers, gate.drops()
    lost = sent - len(numbers) - sum(drops.values())
    print(f"sent {sent}, received {len(numbers)}, drops {drops}, in the killed engines {lost}")
    assert numbers == sorted(set(numbers))
    assert drops == {}
    assert 0 <= lost <= kills * (IN_HAND + 2 * CAPACITY)
    check_bytes(gate, bypassed=False)
    assert (gate.process.pid, gate.process.restarts) == (pid, 0)
