"""The round trip through a function of two components, against a kernel that forwards."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cable import Host, connect, host
from bench.component_function import package
from bench.figure import BrokenRunError, Figure, at_least, at_most
from bench.platform import bindings, platform
from bench.process import run
from bench.setting import median

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.platform import Platform
    from bench.setting import Setting

__all__ = ["measure"]

# What sleeps when a packet comes to an idle function: the engine, the Python component, the engine
# again, the C component, the engine again. The answer goes straight through the engine, which it finds
# awake: the host answers while the request is being sent to it.
WAKE_UPS = 5
_ALLOWANCE = 1.2
_PAUSE_US = 20_000
_PINGS = {"idle": 100, "busy": 2000}
_LINK = "rtt"
_THROUGH = "10.79.1"
_LEFT_NET, _RIGHT_NET = "10.78.1", "10.78.2"
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True, slots=True)
class Round:
    """Medians in nanoseconds, and wake-ups counted per ping."""

    kernel: float
    function: float
    kernel_busy: float
    function_busy: float
    wake_up: float
    wake_ups: float

    @property
    def bound(self) -> float:
        """What a round trip through the idle function may take."""
        return self.kernel + _ALLOWANCE * WAKE_UPS * self.wake_up


def measure(setting: Setting) -> list[Figure]:
    """Idle, a ping every 20 ms: the round trip against plain forwarding and the wake-ups on the way,
    each as long as one of this run; and one ping straight after the other."""
    with (
        host("left") as left,
        host("middle") as middle,
        host("right") as right,
        platform() as there,
    ):
        _forward(left, middle, right)
        with _function(setting, there, left, right) as processes:
            rounds = [_round(setting, left, processes) for _ in range(setting.repeat)]
    return _figures(rounds)


def _figures(rounds: Sequence[Round]) -> list[Figure]:
    def middle(name: str) -> float:
        return median(getattr(one, name) / 1e3 for one in rounds)

    names = ("kernel", "function", "wake_up", "bound")
    detail = {f"{name}_us": middle(name) for name in names}
    detail["wake_ups"] = median(one.wake_ups for one in rounds)
    return [
        Figure(
            f"RTT through Python and C, idle, against forwarding and {WAKE_UPS} wake-ups",
            "",
            at_most(1),
            tuple(one.function / one.bound for one in rounds),
            detail,
        ),
        Figure(
            "RTT through Python and C, idle",
            "us",
            at_least(),
            tuple(one.function / 1e3 for one in rounds),
        ),
        Figure(
            "RTT through Python and C, back to back",
            "us",
            at_most(),
            tuple(one.function_busy / 1e3 for one in rounds),
            {"kernel_us": middle("kernel_busy")},
        ),
    ]


def _forward(left: Host, middle: Host, right: Host) -> None:
    """A router between two hosts."""
    connect(left, "to-router", middle, "left")
    connect(middle, "right", right, "to-router")
    with middle.namespace.entered():
        _FORWARD.write_text("1")
    middle.configure("left", f"{_LEFT_NET}.254")
    middle.configure("right", f"{_RIGHT_NET}.254")
    for end, own, other in ((left, _LEFT_NET, _RIGHT_NET), (right, _RIGHT_NET, _LEFT_NET)):
        end.configure("to-router", f"{own}.1")
        end.namespace.route.route("add", dst=f"{other}.0/24", gateway=f"{own}.254")


@contextlib.contextmanager
def _function(setting: Setting, there: Platform, left: Host, right: Host) -> Iterator[list[int]]:
    """The function between the hosts; gives its engine and its components."""
    place = package(setting, "rtt", ["see.py", "see.c"])
    there.start(there.client.prepare(str(place), "rtt", bindings(left, right, _LINK), {}))
    left.configure(_LINK, f"{_THROUGH}.1")
    right.configure(_LINK, f"{_THROUGH}.2")
    _, status = there.wait(there.client.function("rtt"))
    pids = [status.engine_pid, *(one.pid for one in status.components)]
    yield [pid for pid in pids if pid]
    there.remove("rtt")


def _round(setting: Setting, left: Host, processes: Sequence[int]) -> Round:
    idle, busy = (setting.amount(count, 5) for count in _PINGS.values())
    forwarded, through = f"{_RIGHT_NET}.1", f"{_THROUGH}.2"
    for address in (forwarded, through):
        _pings(setting, left, address, 3, 0)
    kernel = _pings(setting, left, forwarded, idle, _PAUSE_US)
    before = sum(map(_sleeps, processes))
    function = _pings(setting, left, through, idle, _PAUSE_US)
    sleeps = sum(map(_sleeps, processes)) - before
    wake_up = run([setting.reference("wake"), str(idle), str(_PAUSE_US)]).checked()
    return Round(
        kernel,
        function,
        _pings(setting, left, forwarded, busy, 0),
        _pings(setting, left, through, busy, 0),
        median(map(int, wake_up.output.split())),
        sleeps / idle,
    )


def _pings(setting: Setting, left: Host, address: str, count: int, pause_us: int) -> float:
    command = [setting.reference("ping"), address, str(count), str(pause_us)]
    answers = run(left.command(command)).checked().output.split()
    if len(answers) != count:
        raise BrokenRunError(f"{len(answers)} of {count} pings to {address} answered")
    return median(map(int, answers))


def _sleeps(pid: int) -> int:
    """How often a process has gone to sleep so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    raise BrokenRunError(f"process {pid} does not tell how often it slept")
