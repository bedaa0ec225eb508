"""What a program that made namespaces, files and processes has left of them."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

from weft.server.namespaces import NETNS_FOLDER

__all__ = ["left_of"]


def left_of(mark: str) -> list[str]:
    """Namespaces, files, and processes that work for it, by what is in all their names."""
    places = (NETNS_FOLDER, Path("/run"), Path(tempfile.gettempdir()))
    there = [path for place in places if place.is_dir() for path in place.iterdir()]
    left = [str(path) for path in there if mark in path.name]
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes():
                left.append(str(folder))
    return left
