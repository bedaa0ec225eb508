"""dpdk-testpmd between null devices: the reference of every figure inside the engine."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from bench.figure import BrokenRunError
from bench.process import Ended, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.setting import Setting

__all__ = ["null_io"]

_READY = "Press enter to exit"
_RECEIVED = re.compile(r"Accumulated forward statistics.*?RX-packets: (\d+)", re.DOTALL)
_DURATION_S = 1.5
_TIMEOUT_S = 20


def null_io(setting: Setting) -> Callable[[], float]:
    """Measures packets per CPU-second of io forwarding at 64 bytes, without those of starting."""

    def measure() -> float:
        start, whole = _run(0.0), _run(setting.seconds(_DURATION_S))
        return (_packets(whole) - _packets(start)) / (whole.cpu_s - start.cpu_s)

    return measure


def _run(duration_s: float) -> Ended:
    command = [
        *("stdbuf", "-oL"),  # so that it is seen when it is ready
        *("dpdk-testpmd", "-l", "0-1", "--no-huge", "-m", "512", "--no-pci"),
        *("--file-prefix", f"weft-bench-{os.getpid()}"),
        *("--vdev", "net_null0,size=64", "--vdev", "net_null1,size=64", "--"),
        *("--forward-mode=io", "--nb-cores=1", "--no-mlockall", "--total-num-mbufs=16384"),
    ]
    with running(command) as child:
        child.wait_for(_READY, _TIMEOUT_S)
        time.sleep(duration_s)
        child.tell("\n")
        return child.wait(_TIMEOUT_S).checked()


def _packets(ended: Ended) -> int:
    found = _RECEIVED.search(ended.output)
    if found is None:
        raise BrokenRunError(f"testpmd printed no statistics: {ended.output[-500:]!r}")
    return int(found[1])
