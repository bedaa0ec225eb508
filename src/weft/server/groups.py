"""Control groups that an init which was killed could not remove itself."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["group_name", "remove_groups"]


def group_name(uuid: UUID) -> str:
    """The name init gives a function's group in every hierarchy."""
    return f"weft-{str(uuid)[:12]}"


def remove_groups(uuid: UUID) -> None:
    """Remove the function's groups; its processes are gone, so they are empty."""
    for mount in _mounts():
        with contextlib.suppress(OSError):
            (mount / group_name(uuid)).rmdir()


def _mounts() -> list[Path]:
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return []
    fields = [line.split() for line in lines]
    return [Path(field[1]) for field in fields if len(field) > 2 and field[2].startswith("cgroup")]
