"""What was measured on: the machine, and the versions of what ran."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from weft import __version__

__all__ = ["describe", "versions"]

_PINNED = re.compile(r"""["']([A-Za-z0-9_.-]+)==([^"'\s]+)["']""")
_PROGRAMS = {
    "cc": ("cc", "--version"),
    "java": ("java", "--version"),
    "node": ("node", "--version"),
}


def describe() -> dict[str, str]:
    """Processor, memory, kernel, system, and how busy the machine was."""
    system = "unknown"
    with contextlib.suppress(OSError):
        system = platform.freedesktop_os_release().get("PRETTY_NAME", system)
    memory_kib = int((_field("/proc/meminfo", "MemTotal").split() or ["0"])[0])
    return {
        "processor": f"{_field('/proc/cpuinfo', 'model name') or 'unknown'}, {os.cpu_count()} cores",
        "memory": f"{memory_kib / 2**20:.0f} GiB",
        "kernel": platform.release(),
        "system": system,
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def versions(package: Path) -> dict[str, str]:
    """Of Weft, Python, and what the package's components are compiled by and run on; only what there is."""
    found = {"weft": __version__, "python": platform.python_version()}
    with contextlib.suppress(PackageNotFoundError):
        found["numpy"] = version("numpy")
    with contextlib.suppress(OSError):
        found.update(_PINNED.findall((package / "vnf.yaml").read_text()))
    for name, command in _PROGRAMS.items():
        with contextlib.suppress(OSError, subprocess.SubprocessError, IndexError):
            done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
            found[name] = done.stdout.splitlines()[0]
    return found


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
