"""What the demo would leave behind: compared before and after, kind by kind."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from pathlib import Path

from weft.server.namespaces import NETNS_FOLDER

__all__ = ["leftovers", "snapshot"]

_SETTLING_S = 5.0


def snapshot() -> frozenset[str]:
    """Every namespace, link, engine process, control group and file of ours there is now."""
    namespaces = {f"namespace {path.name}" for path in _listed(NETNS_FOLDER) if _is_own(path)}
    links = {f"link {name}" for _, name in socket.if_nameindex() if name.startswith("wf")}
    groups = {f"control group {path}" for path in _groups()}
    places = _listed(Path("/run")) + _listed(Path(tempfile.gettempdir()))
    files = {f"file {path}" for path in places if _is_own(path)}
    return frozenset(namespaces | links | groups | files | _processes())


def leftovers(before: frozenset[str]) -> list[str]:
    """What is there now and was not before; the kernel gets a moment to finish."""
    deadline = time.monotonic() + _SETTLING_S
    while (left := snapshot() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(left)


def _marks() -> tuple[str, ...]:
    """What is in the names of all that the demo makes, and its measurement."""
    return tuple(f"weft-{part}-{os.getpid()}" for part in ("demo", "components"))


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
