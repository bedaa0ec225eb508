"""dpdk-testpmd between null devices: the reference of every figure inside the engine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figure import BrokenRunError
from bench.process import cpu_s, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.setting import Setting

__all__ = ["huge_pages", "null_io"]

_HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")
_FREE_HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages")
_RUNTIME = Path("/var/run/dpdk")
_WANTED_PAGES = 80
_MEGABYTES = 128
_READY = "Press enter to exit"
_RECEIVED = re.compile(r"Accumulated forward statistics.*?RX-packets: (\d+)", re.DOTALL)
_DURATION_S = 1.5
_TIMEOUT_S = 20


@contextlib.contextmanager
def null_io(setting: Setting) -> Iterator[Callable[[], float]]:
    """Measures packets per CPU-second of io forwarding at 64 bytes, without those of starting.

    On huge pages where they can be had, for it is faster on them. A smoke run does without it where
    it is not installed.
    """
    if setting.smoke and shutil.which("dpdk-testpmd") is None:
        yield lambda: 1.0
        return
    with huge_pages() as huge:
        memory = ("--in-memory",) if huge else ("--no-huge",)

        def measure() -> float:
            return _packets_per_cpu_s(memory, setting.seconds(_DURATION_S))

        try:
            yield measure
        finally:
            shutil.rmtree(_RUNTIME / _prefix(), ignore_errors=True)


def _packets_per_cpu_s(memory: tuple[str, ...], duration_s: float) -> float:
    command = [
        *("stdbuf", "-oL"),  # so that it is seen when it is ready
        *("dpdk-testpmd", "-l", "0-1", *memory, "-m", str(_MEGABYTES), "--no-pci"),
        *("--file-prefix", _prefix(), "--vdev", "net_null0,size=64", "--"),
        *("--forward-mode=io", "--nb-cores=1", "--no-mlockall", "--total-num-mbufs=8192"),
    ]
    with running(command) as child:
        child.wait_for(_READY, _TIMEOUT_S)
        starting_s = cpu_s(child.pid)
        time.sleep(duration_s)
        child.tell("\n")
        ended = child.wait(_TIMEOUT_S).checked()
    found = _RECEIVED.search(ended.output)
    if found is None:
        raise BrokenRunError(f"testpmd printed no statistics: {ended.output[-500:]!r}")
    return int(found[1]) / (ended.cpu_s - starting_s)


def _prefix() -> str:
    """The name under which testpmd keeps files of its own; it leaves them there."""
    return f"weft-bench-{os.getpid()}"


@contextlib.contextmanager
def huge_pages(processes: int = 1) -> Iterator[bool]:
    """Set huge pages for so many processes aside for the length of the body; tells whether there are
    enough."""
    wanted = processes * _WANTED_PAGES
    try:
        gained = _more_huge_pages(wanted)
    except OSError:
        yield False
        return
    try:
        yield int(_FREE_HUGE_PAGES.read_text()) >= wanted
    finally:
        _more_huge_pages(-gained)


def _more_huge_pages(count: int) -> int:
    """How many more there are now; those of others, who may do the same meanwhile, stay."""
    before = int(_HUGE_PAGES.read_text())
    _HUGE_PAGES.write_text(str(before + count))
    return int(_HUGE_PAGES.read_text()) - before
