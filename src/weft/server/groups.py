"""Control groups that an init which was killed could not remove itself."""

from __future__ import annotations

import contextlib
import errno
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from weft.server.mounts import mounts

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["group_name", "groups_of", "lost_groups", "remove_groups", "remove_lost_groups"]

_NAME = re.compile(r"weft-(?P<start>[0-9a-f]{8}-[0-9a-f]{3})", re.ASCII)
_HOST_PROCESSES = "pid:[4026531836]"
"""The first namespace of process ids: only there all processes are seen."""

_EMPTYING_S = 0.5
_LOOK_AGAIN_S = 0.005


def group_name(uuid: UUID) -> str:
    """The name init gives a function's group in every hierarchy."""
    return f"weft-{str(uuid)[:12]}"


def remove_groups(uuid: UUID) -> None:
    """Remove the function's groups; its processes are gone, so they are empty."""
    for group in groups_of(uuid):
        _remove(group)


def groups_of(uuid: UUID) -> list[Path]:
    """The function's groups that there are, one in each hierarchy at most."""
    groups = (mount / group_name(uuid) for mount in _mounts())
    return [group for group in groups if group.is_dir()]


def remove_lost_groups() -> None:
    """Remove groups of functions, of whatever run directory, of which no process is there any more."""
    for group in lost_groups():
        _remove(group)


def lost_groups() -> list[Path]:
    """The groups of functions of which no process is there any more.

    A group is made by a process that names its function's folder on the command line, and stays as
    long as one does: it is lost where none is left.
    """
    # First the groups, then the processes: whoever makes a group meanwhile is not looked at.
    found = [group for mount in _mounts() for group in mount.glob("weft-*")]
    named = {group: match["start"] for group in found if (match := _NAME.fullmatch(group.name))}
    if not named or not _sees_all_processes():
        return []
    commands = b"\n".join(_commands())
    return [
        group
        for group, start in named.items()
        if f"/{start}".encode() not in commands and not _has_processes(group)
    ]


def _remove(group: Path) -> None:
    """Remove a group and those of its components; what has just ended is counted for a moment more."""
    deadline = time.monotonic() + _EMPTYING_S
    with contextlib.suppress(OSError):
        for below in [path for path in group.iterdir() if path.is_dir()]:
            _remove_one(below, deadline)
        _remove_one(group, deadline)


def _remove_one(group: Path, deadline: float) -> None:
    while True:
        try:
            group.rmdir()
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                return
            time.sleep(_LOOK_AGAIN_S)
        else:
            return


def _has_processes(group: Path) -> bool:
    """Whether there are any, in it or in the group of a component."""
    with contextlib.suppress(OSError):
        return any(file.read_bytes() for file in group.rglob("cgroup.procs"))
    return False


def _sees_all_processes() -> bool:
    try:
        return str(Path("/proc/self/ns/pid").readlink()) == _HOST_PROCESSES
    except OSError:
        return False


def _commands() -> list[bytes]:
    """The command lines of all processes."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found.append((folder / "cmdline").read_bytes())
    return found


def _mounts() -> list[Path]:
    try:
        return [mount.place for mount in mounts() if mount.kind.startswith("cgroup")]
    except OSError:
        return []
