"""Control groups that an init which was killed could not remove itself."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["group_name", "groups_of", "remove_groups"]


def group_name(uuid: UUID) -> str:
    """The name init gives a function's group in every hierarchy."""
    return f"weft-{str(uuid)[:12]}"


def remove_groups(uuid: UUID) -> None:
    """Remove the function's groups; its processes are gone, so they are empty."""
    for group in groups_of(uuid):
        with contextlib.suppress(OSError):
            group.rmdir()


def groups_of(uuid: UUID) -> list[Path]:
    """The function's groups that there are, one in each hierarchy at most."""
    groups = (mount / group_name(uuid) for mount in _mounts())
    return [group for group in groups if group.is_dir()]


def _mounts() -> list[Path]:
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return []
    fields = [line.split() for line in lines]
    return [Path(field[1]) for field in fields if len(field) > 2 and field[2].startswith("cgroup")]
