"""From device to device, against the least that a C program can do the same with."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.cable import Host, connect, host, received_packets
from bench.click import configuring_s
from bench.figure import BrokenRunError
from bench.process import cpu_s, running
from bench.setting import Comparison, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.figure import Figure, Goal
    from bench.setting import Setting

__all__ = ["Forwarding", "forwarding_figures"]

_CPU = {"generator": 0, "forwarder": 1}
_DURATION_S = 2.0
_TIMEOUT_S = 30
_WAITING = 2048  # packets that may be on the way when a run ends
_CONFIG = (
    "FromDevice(a1, PROMISC true, METHOD {0}) -> q :: Queue(1024)"
    " -> to :: ToDevice(b1, METHOD {0});\n"
)


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A METHOD of the engine, and the reference program that forwards in the same way."""

    method: str
    reference: str
    goal: Goal


def forwarding_figures(setting: Setting, forwarding: Forwarding) -> list[Figure]:
    """Frames of 64 and 1514 bytes, as many as the generator can send."""
    with host("source") as source, host("middle") as middle, host("sink") as sink:
        connect(source, "a0", middle, "a1")
        connect(middle, "b1", sink, "b0")
        hosts = (source, middle, sink)
        return [_at_length(setting, forwarding, hosts, length) for length in (64, 1514)]


def _at_length(
    setting: Setting, forwarding: Forwarding, hosts: tuple[Host, Host, Host], length: int
) -> Figure:
    source, middle, sink = hosts
    name, goal = f"{forwarding.method} forward, {length} bytes", forwarding.goal
    subject = Comparison(name, goal, lambda: _engine(setting, forwarding, middle, sink))
    with _traffic(setting, source, length):
        [figure] = ratios(setting, lambda: _reference(setting, forwarding, middle, sink), [subject])
    return figure


@contextlib.contextmanager
def _traffic(setting: Setting, source: Host, length: int) -> Iterator[None]:
    """A generator that sends all the while."""
    command = [setting.reference("generate"), "a0", str(length)]
    with running(source.command(command), _CPU["generator"]) as generator:
        yield
        generator.stop().checked()


def _reference(setting: Setting, forwarding: Forwarding, middle: Host, sink: Host) -> float:
    command = middle.command([setting.reference(forwarding.reference), "a1", "b1"])
    before = received_packets(sink, "b0")
    with running(command, _CPU["forwarder"]) as child:
        child.wait_for("ready", _TIMEOUT_S)
        starting_s = cpu_s(child.pid)
        time.sleep(setting.seconds(_DURATION_S))
        ended = child.stop().checked()
    sent = int(ended.output.split()[-1])
    _check(sent, received_packets(sink, "b0") - before)
    return sent / (ended.cpu_s - starting_s)


def _engine(setting: Setting, forwarding: Forwarding, middle: Host, sink: Host) -> float:
    config = setting.folder / "forward.click"
    duration_s = setting.seconds(_DURATION_S)
    graph = _CONFIG.format(forwarding.method)
    config.write_text(f"{graph}DriverManager(wait {duration_s}s, stop);\n")
    starting_s = configuring_s(setting, config, middle.command([]))
    before = received_packets(sink, "b0")
    command = middle.command([setting.engine, "click", str(config), "-h", "to.count"])
    with running(command, _CPU["forwarder"]) as child:
        ended = child.wait(duration_s + _TIMEOUT_S).checked()
    sent = int(ended.output.split()[-1])
    _check(sent, received_packets(sink, "b0") - before)
    return sent / (ended.cpu_s - starting_s)


def _check(sent: int, arrived: int) -> None:
    """What was sent has arrived; what was on its way at the end is counted on one side only."""
    if sent == 0 or abs(sent - arrived) > _WAITING:
        raise BrokenRunError(f"{sent} packets sent, {arrived} arrived")
