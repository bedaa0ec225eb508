"""What the demo would leave behind: compared before and after, kind by kind.

Others may run functions of their own meanwhile: those that a process names which is none of the demo's are
theirs.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import tempfile
import time
from pathlib import Path

from weft.server.namespaces import NETNS_FOLDER

__all__ = ["leftovers", "snapshot"]

_SETTLING_S = 5.0
_FUNCTION = re.compile(rb"/([0-9a-f]{8})-([0-9a-f]{4})-[0-9a-f-]{22}", re.ASCII)


def snapshot() -> frozenset[str]:
    """Every namespace, link, engine process, control group and file of the demo there is now."""
    made = {f"{path}": f"control group {path}" for path in _groups()}
    made |= {name: f"link {name}" for _, name in socket.if_nameindex() if name.startswith("wf")}
    theirs = _theirs()  # after those: what has been made is named by a process
    functions = {told for name, told in made.items() if _digits(Path(name).name) not in theirs}
    namespaces = {f"namespace {path.name}" for path in _listed(NETNS_FOLDER) if _is_own(path)}
    places = _listed(Path("/run")) + _listed(Path(tempfile.gettempdir()))
    files = {f"file {path}" for path in places if _is_own(path)}
    return frozenset(functions | namespaces | files | _processes())


def leftovers(before: frozenset[str]) -> list[str]:
    """What is there now and was not before; the kernel gets a moment to finish."""
    deadline = time.monotonic() + _SETTLING_S
    while (left := snapshot() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(left)


def _marks() -> tuple[str, ...]:
    """What is in the names of all that the demo makes, and its measurement."""
    return tuple(f"weft-{part}-{os.getpid()}" for part in ("demo", "components"))


def _digits(name: str) -> str:
    """The first digits of the function that a control group or link is named after."""
    return name.removeprefix("weft-").removeprefix("wf").replace("-", "")[:10]


def _theirs() -> frozenset[str]:
    """The first digits of others' functions: of those that processes name that are none of ours."""
    marks = [mark.encode() for mark in _marks()]
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if not any(mark in command for mark in marks):
                found |= {(a + b)[:10].decode() for a, b in _FUNCTION.findall(command)}
    return frozenset(found)


def _is_own(path: Path) -> bool:
    return any(mark in path.name for mark in _marks())


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _groups() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    return [*root.glob("weft-*"), *root.glob("*/weft-*")]


def _processes() -> set[str]:
    """Children of this process, and whatever has the demo's run directory on its command line."""
    marks = [mark.encode() for mark in _marks()]
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if any(mark in command for mark in marks) or parent == str(os.getpid()):
            found.add(f"process {folder.name} {command[:60]!r}")
    return found
