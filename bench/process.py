"""Child processes: the CPU time each took, and none left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.figure import BrokenRunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Child", "Ended", "cpu_s", "run", "running"]

_POLL_S = 0.002
_GRACE_S = 5.0
_SCHEDULED = 2  # which of the clocks of a process: what it was scheduled for, in nanoseconds


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process that has ended said and took. `cpu_s` is user and system time together."""

    command: str
    output: str
    errors: str
    status: int
    cpu_s: float
    wall_s: float

    def checked(self, status: int = 0) -> Ended:
        """Itself, if it ended as it should; else BrokenRunError with what it complained."""
        if self.status != status:
            said = (self.errors or self.output).strip()[-2000:]
            raise BrokenRunError(f"{self.command}: exit status {self.status}: {said}")
        return self


class Child:
    """A process of ours, with its output in files so that it never waits for a reader."""

    def __init__(self, command: Sequence[str], pin: int | None = None) -> None:
        self._command = [*(("taskset", "-c", str(pin)) if pin is not None else ()), *command]
        self._files = (os.memfd_create("output"), os.memfd_create("errors"))
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=self._files[0],
            stderr=self._files[1],
            process_group=0,  # Ctrl-C comes to us only; we end our children
        )
        self._ended: Ended | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def tell(self, text: str) -> None:
        """Write to its standard input and close that."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(text.encode())
            self._process.stdin.close()

    def output(self) -> str:
        """What it has written to its standard output so far."""
        return _contents(self._files[0])

    def wait_for(self, text: str, timeout_s: float) -> None:
        """Return when it has written `text`."""
        deadline = time.monotonic() + timeout_s
        while text not in self.output():
            if self.poll() is not None or time.monotonic() > deadline:
                raise BrokenRunError(f"{self._name()}: no '{text}': {self.errors()[-2000:]}")
            time.sleep(_POLL_S)

    def errors(self) -> str:
        """What it has written to its standard error so far."""
        return _contents(self._files[1])

    def poll(self) -> Ended | None:
        """How it ended, if it has."""
        if self._ended is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._ended = self._reaped(status, usage.ru_utime + usage.ru_stime)
        return self._ended

    def wait(self, timeout_s: float) -> Ended:
        """How it ended; BrokenRunError when it does not within the time."""
        deadline = time.monotonic() + timeout_s
        while (ended := self.poll()) is None:
            if time.monotonic() > deadline:
                self.kill()
                raise BrokenRunError(f"{self._name()}: not done within {timeout_s:.0f} s")
            time.sleep(_POLL_S)
        return ended

    def stop(self) -> Ended:
        """Ask it to end, and wait until it has."""
        if self.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self.wait(_GRACE_S)

    def kill(self) -> None:
        """End it whatever it does."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            while self.poll() is None:
                time.sleep(_POLL_S)

    def close(self) -> None:
        """End it and forget its output."""
        self.kill()
        for file in self._files:
            os.close(file)

    def _name(self) -> str:
        return " ".join(self._command)[:200]

    def _reaped(self, status: int, cpu_s: float) -> Ended:
        code = os.waitstatus_to_exitcode(status)
        self._process.returncode = code
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        wall_s = time.perf_counter() - self._started
        return Ended(self._name(), self.output(), self.errors(), code, cpu_s, wall_s)


@contextlib.contextmanager
def running(command: Sequence[str], pin: int | None = None) -> Iterator[Child]:
    """A process that runs for the length of the body, at most."""
    child = Child(command, pin)
    try:
        yield child
    finally:
        child.close()


def run(command: Sequence[str], timeout_s: float = 120, pin: int | None = None) -> Ended:
    """Run a process to its end."""
    with running(command, pin) as child:
        child.tell("")
        return child.wait(timeout_s)


def cpu_s(pid: int) -> float:
    """CPU-seconds that a process and its threads, also those that have ended, have taken so far; 0
    when it is gone."""
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULED)
    except OSError:
        return 0.0


def _contents(file: int) -> str:
    return os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace")
