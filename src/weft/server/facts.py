"""What a server has and lacks for running functions: probed, never assumed."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import EngineError
from weft.launcher import engine_binary
from weft.server.mounts import mounts

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["server_facts"]

_OK, _MISSING, _OPTIONAL = "ok", "missing", "optional"
_NEEDED_CAPABILITIES = {12: "NET_ADMIN", 13: "NET_RAW", 21: "SYS_ADMIN", 7: "SETUID", 6: "SETGID"}
_TOOLS = {
    "curl": ("curl", "the demo and tests"),
    "ip": ("iproute2", "the demo and tests"),
    "ping": ("iputils-ping", "the demo and tests"),
    "tshark": ("tshark", "the demo and tests"),
    "cc": ("gcc libc6-dev", "components in C"),
    "javac": ("default-jdk-headless", "components in Java"),
    "mvn": ("maven", "what components in Java require by coordinates"),
    "node": ("nodejs", "components in JavaScript"),
    "npm": ("npm", "what components in JavaScript require"),
}


def server_facts() -> list[dict[str, str]]:
    """One row per thing: what it is, ok, missing or optional, what was found, what to do."""
    probes: list[Callable[[], dict[str, str]]] = [
        _engine,
        _privilege,
        _namespaces,
        _packet_sockets,
        _tap,
        _seccomp,
        _control_groups,
        _huge_pages,
        _run_directory,
    ]
    return [probe() for probe in probes] + [_tool(name, *_TOOLS[name]) for name in _TOOLS]


def _row(what: str, state: str, found: str, to_do: str = "") -> dict[str, str]:
    return {"what": what, "state": state, "found": found, "do": "" if state == _OK else to_do}


def _engine() -> dict[str, str]:
    try:
        return _row("engine", _OK, engine_binary())
    except EngineError as error:
        return _row("engine", _MISSING, error.message, error.hint or "")


def _privilege() -> dict[str, str]:
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if "CapEff" in line
    )
    held = int(line.split()[1], 16)
    lacking = [name for bit, name in _NEEDED_CAPABILITIES.items() if not held >> bit & 1]
    if lacking:
        return _row(
            "privileges",
            _MISSING,
            f"without {', '.join(lacking)}",
            "run as root; without it, only pcap interfaces work",
        )
    return _row("privileges", _OK, f"user {os.geteuid()} with what sandboxes need")


def _namespaces() -> dict[str, str]:
    names = ("net", "mnt", "pid", "ipc", "uts")
    lacking = [name for name in names if not Path(f"/proc/self/ns/{name}").exists()]
    if lacking:
        to_do = "use a kernel with CONFIG_NAMESPACES and its parts"
        return _row("namespaces", _MISSING, f"without {', '.join(lacking)}", to_do)
    return _row("namespaces", _OK, ", ".join(names))


def _packet_sockets() -> dict[str, str]:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    except PermissionError:
        return _row("packet sockets", _MISSING, "not permitted", "run as root")
    except OSError as error:
        return _row("packet sockets", _MISSING, str(error), "use a kernel with CONFIG_PACKET")
    return _row("packet sockets", _OK, "AF_PACKET")


def _tap() -> dict[str, str]:
    if os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return _row("tap devices", _OK, "/dev/net/tun")
    to_do = "for KernelTap: modprobe tun, and run as root"
    return _row("tap devices", _OPTIONAL, "no access to /dev/net/tun", to_do)


def _seccomp() -> dict[str, str]:
    pr_get_seccomp = 21
    if ctypes.CDLL(None).prctl(pr_get_seccomp, 0, 0, 0, 0) >= 0:
        return _row("seccomp", _OK, "filters")
    return _row(
        "seccomp", _MISSING, "not in this kernel", "use a kernel with CONFIG_SECCOMP_FILTER"
    )


def _control_groups() -> dict[str, str]:
    found = []
    for mount in mounts():
        if mount.kind == "cgroup" and {"memory", "cpu"} & mount.options:
            found.append(f"v1 {mount.place}")
        elif mount.kind == "cgroup2":
            controllers = mount.place / "cgroup.controllers"
            there = controllers.read_text().split() if controllers.exists() else []
            if {"memory", "cpu"} <= set(there):
                found.append(f"v2 {mount.place}")
    if found:
        return _row("control groups", _OK, ", ".join(found))
    return _row(
        "control groups",
        _OPTIONAL,
        "no memory and cpu controllers",
        "limits of a package are not held; mount cgroup2 with both controllers",
    )


def _huge_pages() -> dict[str, str]:
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "HugePages_Total" and int(value) > 0:
            return _row("huge pages", _OK, value.strip())
    to_do = "not needed; for more speed: sysctl vm.nr_hugepages=64"
    return _row("huge pages", _OPTIONAL, "none", to_do)


def _run_directory() -> dict[str, str]:
    from weft.server.rundir import default_root

    root = default_root()
    parent = next(path for path in (root, *root.parents) if path.exists())
    if os.access(parent, os.W_OK):
        return _row("run directory", _OK, str(root))
    return _row("run directory", _MISSING, f"{root} cannot be written", "set WEFT_RUN_DIR")


def _tool(command: str, package: str, purpose: str) -> dict[str, str]:
    path = shutil.which(command, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path:
        return _row(command, _OK, path)
    return _row(command, _OPTIONAL, "not installed", f"for {purpose}: apt-get install {package}")
