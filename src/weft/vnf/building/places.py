"""Where a component finds what lies on the server: its own user must be able to reach it."""

from __future__ import annotations

import os
from pathlib import Path

from weft.model.package import Mount

__all__ = ["Places", "is_open"]

# Folders of the server that a sandbox has its own of.
_COVERED = tuple(Path(name) for name in ("/dev", "/proc", "/run", "/sys", "/tmp"))


def is_open(path: Path) -> bool:
    """Whether every user of the server can reach `path`, and sees it inside a sandbox too."""
    real = Path(os.path.realpath(path))
    if any(real.is_relative_to(folder) for folder in _COVERED):
        return False
    try:
        readable = real.stat().st_mode & 0o004
        return bool(readable) and all(folder.stat().st_mode & 0o001 for folder in real.parents)
    except OSError:
        return False


class Places:
    """Collects the mounts that one component needs. Without a folder for them nothing is moved."""

    def __init__(self, folder: Path | None, hidden: Path | None = None) -> None:
        self._folder = folder
        self._hidden = hidden
        self._mounts: dict[str, Mount] = {}

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """The mounts needed for what was shown so far."""
        return tuple(self._mounts.values())

    def show(self, folder: Path, name: str) -> Path:
        """Where `folder` is seen inside: where it lies, or as `name` among the mounts."""
        if self._folder is None or (is_open(folder) and not self._is_hidden(folder)):
            return folder
        target = self._folder / name
        self._mounts[name] = Mount(os.path.realpath(folder), str(target))
        return target

    def _is_hidden(self, path: Path) -> bool:
        return self._hidden is not None and Path(os.path.realpath(path)).is_relative_to(
            self._hidden
        )
