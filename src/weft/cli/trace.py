"""Follow packets through a function: every element they cross, and their bytes before and after it.

Packets are chosen where they come into the graph, or where they arrive at the element of --at: the next
one, or of those that match the next --count, one in --every. A function that nobody traces pays nothing.
The trace ends when all its packets have gone their way, with Ctrl-C, or after --timeout.

    weft trace fw --filter 'udp and dst port 53'
    weft trace fw --bytes 12/894f --count 5 -o json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from weft.cli.hops import hop_lines, packet_line
from weft.cli.output import FORMATS, add_output_argument
from weft.client import local_client
from weft.errors import UsageError
from weft.model.trace import TraceRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.cli.hops import Line

_LIMITS = {"every": (1, 2**32 - 1), "count": (1, 1000), "bytes_per_hop": (0, 2048)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `weft trace`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("name", help="name of the function, or the start of its UUID")
    parser.add_argument(
        "--filter", metavar="EXPRESSION", help="only IPv4 packets that IPClassifier would take"
    )
    parser.add_argument(
        "--bytes",
        metavar="PATTERN",
        help="only packets that Classifier would take: 12/0806 20/0001",
    )
    parser.add_argument("--at", metavar="ELEMENT", help="choose packets that arrive there")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="choose one in N (1)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help="choose so many (1)")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="end after that time")
    parser.add_argument(
        "--bytes-per-hop", type=int, default=256, metavar="N", help="bytes kept of a packet (256)"
    )
    parser.add_argument("--full", action="store_true", help="show bytes that do not change, too")
    add_output_argument(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Run `weft trace`; status 1 where no packet was chosen in time."""
    assert arguments.output in FORMATS
    for name, (least, most) in _LIMITS.items():
        value = getattr(arguments, name)
        if not least <= value <= most:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} {value}: allowed: {least} to {most}")
    if arguments.timeout is not None and not arguments.timeout > 0:
        raise UsageError(f"--timeout {arguments.timeout:g}: allowed: more than 0 seconds")
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    request = TraceRequest(
        expression=arguments.filter,
        pattern=arguments.bytes,
        at=arguments.at,
        every=arguments.every,
        count=arguments.count,
        bytes_per_hop=arguments.bytes_per_hop,
    )
    shown = _TableOutput(arguments.full) if arguments.output == "table" else _DataOutput(arguments)
    ended = ""
    try:
        async with (
            asyncio.timeout(arguments.timeout),
            aclosing(local_client().trace(arguments.name, request)) as looks,
        ):
            async for look in looks:
                shown.take(look)
    except TimeoutError:
        ended = f"--timeout {arguments.timeout:g} is over"
    except asyncio.CancelledError:  # Ctrl-C
        ended = "stopped"
    shown.finish(ended)
    return 0 if shown.chosen or ended == "stopped" else 1


class _Output:
    """Shows hops once they are over, those that are not at the end."""

    def __init__(self) -> None:
        self._look: dict[str, Any] = {"state": "running", "seen": 0, "matched": 0, "chosen": 0}
        self._kept: dict[int, dict[str, Any]] = {}

    @property
    def chosen(self) -> int:
        """Packets chosen so far."""
        return int(self._look["chosen"])

    def take(self, look: dict[str, Any]) -> None:
        """Show what is new."""
        self._look = {name: value for name, value in look.items() if name != "hops"}
        self._kept |= {hop["hop"]: hop for hop in look["hops"]}
        over = [hop for hop in self._kept.values() if hop["outcome"] != "kept"]
        self._show_all(over)
        for hop in over:
            del self._kept[hop["hop"]]

    def finish(self, ended: str) -> None:
        """Show what is left, and why it ended."""
        self._show_all(list(self._kept.values()))
        message = ended or self._look.get("message") or ""
        self.conclude({**self._look, "state": "ended", "message": message})

    def _show_all(self, hops: list[dict[str, Any]]) -> None:
        for hop in sorted(hops, key=lambda hop: (hop["packet"], hop["hop"])):
            self.show(hop)

    def show(self, hop: dict[str, Any]) -> None:
        """Show one hop."""
        raise NotImplementedError

    def conclude(self, state: dict[str, Any]) -> None:
        """Say how it ended."""
        raise NotImplementedError


class _DataOutput(_Output):
    """A line of JSON, or a document of YAML, for each hop and for the end."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__()
        self._form = arguments.output

    def show(self, hop: dict[str, Any]) -> None:
        self._print(hop)

    def conclude(self, state: dict[str, Any]) -> None:
        left_out = ("id", "revision", "most_hops")
        self._print({name: value for name, value in state.items() if name not in left_out})

    def _print(self, data: dict[str, Any]) -> None:
        if self._form == "json":
            print(json.dumps(data), flush=True)
            return
        import yaml

        print("---")
        yaml.safe_dump(data, sys.stdout, sort_keys=False)
        sys.stdout.flush()


class _TableOutput(_Output):
    """Lines for people, packet by packet."""

    def __init__(self, full: bool) -> None:
        super().__init__()
        self._full = full
        self._print = _printer()
        self._began: dict[int, int] = {}
        self._last: int | None = None

    def show(self, hop: dict[str, Any]) -> None:
        packet = hop["packet"]
        if packet != self._last:
            self._print(packet_line(hop, again=packet in self._began))
            self._last = packet
        began = self._began.setdefault(packet, hop["time_ns"])
        for line in hop_lines(hop, began, full=self._full):
            self._print(line)

    def conclude(self, state: dict[str, Any]) -> None:
        for packet in state.get("cut", []):
            print(
                f"packet {packet} had more than {state['most_hops']} hops; the others are not kept"
            )
        told = {"seen": state["seen"], "matched": state["matched"], "traced": state["chosen"]}
        if state.get("passed_over"):
            told["not traced because too many were"] = state["passed_over"]
        counts = ", ".join(f"{name}: {count}" for name, count in told.items())
        sys.stdout.flush()
        print(f"weft: {state['message']}: packets {counts}", file=sys.stderr, flush=True)


def _printer() -> Callable[[Line], None]:
    """Prints plain lines; on a terminal with colours."""
    if not sys.stdout.isatty():
        return lambda line: print(line.text, flush=True)
    from rich.console import Console
    from rich.text import Text

    console = Console(markup=False, highlight=False, soft_wrap=True)

    def show(line: Line) -> None:
        text = Text(line.text, style=line.style)
        for start, end in line.changed:
            text.stylize("reverse", start, end)
        console.print(text)

    return show
