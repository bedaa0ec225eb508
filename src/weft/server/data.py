"""Files in the folder that a function's engine works in, and may fill with anything, links included."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["place_files"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def place_files(folder: Path, files: Mapping[str, bytes | None], uid: int) -> None:
    """Write files of a package below `folder`/data, or remove those without content.

    No link in there is followed: nothing outside can be reached.
    """
    for name, content in files.items():
        with contextlib.ExitStack() as held:
            place = _open(os.open(folder / "data", _FOLDER), held)
            *above, last = name.split("/")
            try:
                for part in above:
                    place = _open(_enter(part, place, uid), held)
                _put(last, content, place, uid)
            except (NotADirectoryError, IsADirectoryError, FileNotFoundError):
                continue  # the engine has made something else of it, which is its own affair


def _open(descriptor: int, held: contextlib.ExitStack) -> int:
    held.callback(os.close, descriptor)
    return descriptor


def _enter(part: str, place: int, uid: int) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(part, 0o700, dir_fd=place)
        os.chown(part, uid, uid, dir_fd=place, follow_symlinks=False)
    return os.open(part, _FOLDER, dir_fd=place)


def _put(name: str, content: bytes | None, place: int, uid: int) -> None:
    if content is None:
        os.unlink(name, dir_fd=place)
        return
    temporary = f".{name}.new"[-255:]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=place)
    descriptor = os.open(temporary, _NEW, 0o644, dir_fd=place)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fchown(file.fileno(), uid, uid)
    os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
