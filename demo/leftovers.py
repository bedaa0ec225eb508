"""What the demo would leave behind: compared before and after, kind by kind."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from weft.server.namespaces import NETNS_FOLDER

__all__ = ["leftovers", "snapshot"]

_SETTLING_S = 5.0


def snapshot() -> frozenset[str]:
    """Every namespace, link, engine process, control group and file of ours there is now."""
    namespaces = {f"namespace {path.name}" for path in _listed(NETNS_FOLDER)}
    links = {f"link {name}" for _, name in socket.if_nameindex()}
    groups = {f"control group {path}" for path in _groups()}
    files = {f"file {path}" for path in _listed(Path("/run")) if path.name.startswith("weft-demo-")}
    return frozenset(namespaces | links | groups | files | _processes())


def leftovers(before: frozenset[str]) -> list[str]:
    """What is there now and was not before; the kernel gets a moment to finish."""
    deadline = time.monotonic() + _SETTLING_S
    while (left := snapshot() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(left)


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _groups() -> list[Path]:
    root = Path("/sys/fs/cgroup")
    return [*root.glob("weft-*"), *root.glob("*/weft-*")]


def _processes() -> set[str]:
    """Engine processes, and whatever has this process as its parent."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line
            )
        except (OSError, ValueError):
            continue
        if fields.get("Name", "").startswith("weft-engine") or fields.get("PPid") == str(
            os.getpid()
        ):
            found.add(f"process {status.parent.name} {fields.get('Name')}")
    return found
