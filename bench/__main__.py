"""python -m bench [NAME ...] [--repeat N] [--smoke] [--json FILE] [--specification]

Exit status 0 even when a goal is missed, for it is a measurement; 1 when a run is broken.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from bench.cable import PREFIX
from bench.figure import BrokenRunError
from bench.machine import describe
from bench.report import print_table, write_json
from bench.setting import Setting
from bench.specification import SPECIFICATION, rewritten
from demo.sweeping import sweep
from weft.errors import WeftError
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from types import FrameType

    from bench.figure import Figure

__all__ = ["BENCHES", "main"]

BENCHES = {
    "null_path": "the engine alone, against testpmd's null devices",
    "ip_path": "check, filter by 1 to 100 rules, age, encapsulate, against testpmd",
    "nat": "10,000 flows through a NAT, against testpmd",
    "routes": "route lookup in 1,000 to 100,000 routes, against testpmd",
    "load_routes": "reading large route tables",
    "dump_path": "capture file to capture file, against testpmd",
    "af_packet_forward": "device to device over AF_PACKET, against a C program",
    "af_xdp_forward": "device to device over AF_XDP, against a C program",
    "nsh_proxy": "taking a Network Service Header off and putting it back",
    "nsh_forward": "encapsulating and decapsulating between devices, against Open vSwitch",
    "content_rules": "0 to 1,000 content rules on a path, against the same path without",
    "flow_monitor": "counting flows on a path, above the same path without",
    "first_ping": "start call to first answered ping",
    "restart": "SIGKILL of the engine to next answered ping",
    "idle": "CPU and memory of functions with nothing to do",
    "monitoring": "watching functions: CPU",
    "ps": "the command line",
    "component_hop": "to a component in another process and back, against testpmd over memif",
    "component_chain": "three components one behind the other, against one",
    "component_languages": "components in Java and JavaScript, against C",
    "component_python": "batches in Python, above the cost of the work itself",
    "component_rtt": "ping through components, against forwarding and wake-ups",
    "component_idle": "CPU and memory of components with nothing to do",
    "component_integrity": "packets through components in several languages, byte by byte",
}


def main() -> int:
    """Run the benches asked for; whatever happens, take everything away again."""
    options = _options()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _interrupt)
    sweep(PREFIX)
    machine = describe()
    measured: dict[str, list[Figure]] = {}
    broken: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-") as folder:
        weft = str(Path(sys.executable).with_name("weft"))
        setting = Setting(Path(folder), engine_binary(), weft, options.repeat, options.smoke)
        try:
            for name in options.names or BENCHES:
                measured[name] = _measured(name, setting, broken)
        except KeyboardInterrupt:
            print("bench: interrupted; everything was taken away", file=sys.stderr)
            return 130
    figures = [figure for found in measured.values() for figure in found]
    print_table(figures, machine, options.repeat)
    for name, reason in broken.items():
        print(f"bench: {name}: broken: {reason}", file=sys.stderr)
    if options.json:
        write_json(options.json, figures, machine, broken)
    if options.specification:
        intact = {name: found for name, found in measured.items() if name not in broken}
        SPECIFICATION.write_text(rewritten(SPECIFICATION.read_text(), intact, machine))
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    about = "\n".join(f"  {name:<20}{text}" for name, text in BENCHES.items())
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure the figures of SPECIFICATION.md.",
        epilog=f"figures:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which (all)")
    parser.add_argument("--repeat", type=_count, default=5, help="samples of each (5)")
    parser.add_argument("--smoke", action="store_true", help="tiny runs: shows that they work only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there")
    parser.add_argument(
        "--specification", action="store_true", help="write the figures into SPECIFICATION.md"
    )
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHES]
    if unknown:
        parser.error(f"no figure '{unknown[0]}'; allowed: {', '.join(BENCHES)}")
    return options


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _measured(name: str, setting: Setting, broken: dict[str, str]) -> list[Figure]:
    """The figures of one bench; a broken one is noted and the others go on."""
    print(f"bench: {name} ...", end=" ", file=sys.stderr, flush=True)
    start = time.perf_counter()
    try:
        figures: list[Figure] = import_module(f"bench.{name}").measure(setting)
    except (BrokenRunError, WeftError, OSError) as error:
        broken[name] = str(error)
        figures = []
    print(f"{time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return figures


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # once is enough; the way back is not disturbed
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
