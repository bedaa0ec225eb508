"""Asking the engine what it thinks of a graph, before anything runs."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.errors import EngineError
from weft.launcher import engine_binary
from weft.model.problem import Problem
from weft.vnf.capture import empty_capture

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = [
    "GraphReport",
    "check_graph",
    "devices_of",
    "drivers_of",
    "missing_devices",
    "problems_of",
]

_TIMEOUT_S = 60
_LANDMARK = re.compile(r"(?P<file>[^\s:][^:]*):(?P<line>\d+): (?P<message>.*)")
_DEVICE = re.compile(r'\b(?:FromDevice|ToDevice)\(\s*(?:DEVNAME\s+)?"?([^\s,)"]+)')
_BY_XDP = re.compile(
    _DEVICE.pattern + r'"?[^)]*\b(?i:METHOD|CAPTURE)\s+"?(?i:AF_XDP|XDP)\b', re.ASCII
)
_MISSING_DEVICE = re.compile(r"While initializing '[^']*': (\S+): no such device\b")
_CLOSING = ("Router could not be initialized!",)


@dataclass(frozen=True, slots=True)
class GraphReport:
    """The flattened graph (empty where it is wrong), what is wrong, and what is doubtful."""

    flat: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def check_graph(
    graph: str, values: Mapping[str, str], devices: Sequence[str], folder: Path | None = None
) -> GraphReport:
    """Parse, flatten, configure and initialize `graph` with devices that carry nothing.

    Files that it names are looked for in `folder`, or where the caller is.
    """
    with empty_capture() as (capture, descriptor):
        command = [engine_binary(), "click", "-q", "-o", "-"]
        for device in devices:
            command += ["--device", f"{device}=pcap:{capture}"]
        command += ["-f", "-", *(f"{name}={value}" for name, value in values.items())]
        run = _run(command, graph.encode("utf-8", errors="surrogateescape"), descriptor, folder)
    said = run.stderr.decode("utf-8", errors="replace")
    if run.returncode == 0:
        flat = run.stdout.decode("utf-8", errors="surrogateescape")
        doubtful = [problem for problem in problems_of(said) if "warning:" in problem.message]
        return GraphReport(flat, warnings=tuple(doubtful))
    if run.returncode < 0 or not said.strip():
        raise EngineError(f"the engine ended with status {run.returncode} checking the graph")
    return GraphReport("", tuple(problems_of(said)))


def _run(
    command: list[str], graph: bytes, descriptor: int, folder: Path | None
) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            input=graph,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            pass_fds=(descriptor,),
            cwd=folder,
        )
    except OSError as error:
        raise EngineError(f"cannot run '{command[0]}': {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise EngineError(f"the engine did not check the graph within {_TIMEOUT_S} s") from None


def problems_of(diagnostics: str) -> list[Problem]:
    """Problems out of Click's diagnostics: a line with a landmark, its reasons indented below it."""
    problems: list[Problem] = []
    for line in diagnostics.splitlines():
        match = _LANDMARK.fullmatch(line)
        if match:
            problems.append(Problem(match["file"], int(match["line"]), match["message"]))
        elif line[:1].isspace() and problems:
            last = problems[-1]
            joint = " " if last.message.endswith(":") else "; "
            problems[-1] = Problem(last.file, last.line, last.message + joint + line.strip())
        elif line.strip() and line not in _CLOSING:
            problems.append(Problem("graph", 0, line.strip()))
    return problems


def devices_of(flat: str) -> tuple[str, ...]:
    """The devices that a flattened graph receives from or sends to, in order of appearance."""
    return tuple(dict.fromkeys(_DEVICE.findall(flat)))


def drivers_of(graph: str) -> tuple[tuple[str, str], ...]:
    """The devices for which a graph names AF_XDP, and that driver, in order of appearance."""
    return tuple((device, "af_xdp") for device in dict.fromkeys(_BY_XDP.findall(graph)))


def missing_devices(problems: Sequence[Problem]) -> list[str]:
    """The devices that a graph wanted and did not get."""
    found = (_MISSING_DEVICE.match(problem.message) for problem in problems)
    return list(dict.fromkeys(match[1] for match in found if match))
