"""From the call that starts a function to its first answered ping, against a bare C program."""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import TYPE_CHECKING

from bench.cable import Host, host
from bench.figure import Figure, at_least, at_most
from bench.platform import ADDRESS, LINK, MAC, PACKAGE, Platform, bindings, platform
from bench.process import Child, run
from demo.measure import first_ping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.setting import Setting

__all__ = ["measure"]

_NAME = "ping"


def measure(setting: Setting) -> list[Figure]:
    """In a warm process, from the command line, and the reference; in turn, after a rehearsal."""
    with host("left") as left, host("right") as right, platform() as there:
        request = there.request(_NAME, left, right)
        ways: dict[str, Callable[[], float]] = {
            "call": lambda: _started(there, left, lambda: there.start(request)),
            "command": lambda: _started(there, left, lambda: _command(setting, left, right)),
            "reference": lambda: _reference(setting, left),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(setting.repeat + 1):
            for name, way in ways.items():
                found[name].append(way() * 1e3)
    samples = {name: tuple(values[1:]) for name, values in found.items()}
    return [
        Figure("start call to first ping", "ms", at_most(10, 5), samples["call"]),
        Figure("`weft run -d` to first ping", "ms", at_most(), samples["command"]),
        Figure(
            "first ping, times as fast as `ip` and a C program",
            "",
            at_least(),
            tuple(b / a for a, b in zip(samples["call"], samples["reference"], strict=True)),
        ),
    ]


def _started(there: Platform, left: Host, start: Callable[[], None]) -> float:
    begun = time.perf_counter()
    start()
    taken_s = first_ping(left, LINK, MAC, ADDRESS) - begun
    there.remove(_NAME)
    return taken_s


def _command(setting: Setting, left: Host, right: Host) -> None:
    joined = [part for binding in bindings(left, right) for part in ("--interface", binding)]
    settings = ["--set", f"ADDRESS={ADDRESS}", "--set", f"MAC={MAC}"]
    run([setting.weft, "run", str(PACKAGE), "-d", "--name", _NAME, *settings, *joined]).checked()


def _reference(setting: Setting, left: Host) -> float:
    """A namespace, a cable to it, and a program that answers, as a person would set them up."""
    name = f"{left.name}-echo"
    program = setting.reference("echo")
    begun = time.perf_counter()
    with _removed(name, left):
        _ip("netns", "add", name)
        _ip(
            "-n",
            left.name,
            "link",
            "add",
            LINK,
            "type",
            "veth",
            "peer",
            "name",
            "in",
            "netns",
            name,
        )
        _ip("-n", left.name, "link", "set", LINK, "up")
        _ip("-n", name, "link", "set", "in", "up")
        child = Child(["ip", "netns", "exec", name, program, "in"])
        try:
            return first_ping(left, LINK, MAC, ADDRESS) - begun
        finally:
            child.close()


@contextlib.contextmanager
def _removed(name: str, left: Host) -> Iterator[None]:
    """The cable goes first: with its namespace it would go some time later."""
    try:
        yield
    finally:
        for command in (("-n", left.name, "link", "del", LINK), ("netns", "del", name)):
            subprocess.run(["ip", *command], check=False, stderr=subprocess.DEVNULL)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
