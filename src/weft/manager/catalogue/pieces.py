"""Archives as files of the store: what is large in one is kept once, for all archives that have it.

An archive is cut into pieces. A large one is a file in the folder `.large`, called by its SHA-256, and a
hard link to it beside the other pieces; it goes with the last archive that has it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LARGE_BYTES", "joined", "sweep_large", "write_pieces"]

LARGE_BYTES = 4 * 2**20
"""From which size a file in an archive is shared with other archives."""

_LARGE = ".large"
_BLOCK_BYTES = 2**20


def write_pieces(
    store: Path, place: Path, archive: BinaryIO, large: Sequence[tuple[int, int]]
) -> list[str]:
    """Write an archive into the folder `place`, in the folder `store`; the names of its pieces, in order.

    `large` are the ranges of bytes to be shared, in order and apart from one another.
    """
    end, mark = archive.seek(0, os.SEEK_END), secrets.token_hex(4)
    names: list[str] = []
    for start, stop, is_large in _ranges(end, large):
        name = f"{mark}-{len(names)}"
        archive.seek(start)
        if is_large:
            _share(store / _LARGE, place / name, archive, stop - start)
        else:
            _copy(place / name, archive, stop - start)
        names.append(name)
    return names


def joined(paths: Sequence[Path]) -> BinaryIO:
    """The file that consists of these, one behind the other; it stays readable when they are removed."""
    if len(paths) == 1:
        return paths[0].open("rb")
    return io.BufferedReader(_Joined(paths), _BLOCK_BYTES)


def sweep_large(store: Path) -> None:
    """Remove what no archive has any more, or has not come to have."""
    with contextlib.suppress(FileNotFoundError):
        for path in (store / _LARGE).iterdir():
            if path.stat().st_nlink == 1:
                path.unlink()
        with contextlib.suppress(OSError):
            (store / _LARGE).rmdir()  # only where it was the last


def _ranges(end: int, large: Sequence[tuple[int, int]]) -> list[tuple[int, int, bool]]:
    found, at = [], 0
    for start, stop in large:
        if start < at or stop > end:
            continue
        if start > at:
            found.append((at, start, False))
        found.append((start, stop, True))
        at = stop
    if at < end or not found:
        found.append((at, end, False))
    return found


def _share(folder: Path, link: Path, archive: BinaryIO, size: int) -> None:
    folder.mkdir(mode=0o755, exist_ok=True)
    fresh = folder / f"new-{os.getpid()}"
    digest = _copy(fresh, archive, size)
    shared = folder / digest
    if shared.exists():
        fresh.unlink()
    else:
        fresh.rename(shared)
    os.link(shared, link)


def _copy(path: Path, archive: BinaryIO, size: int) -> str:
    """Write the next bytes of an archive, so that they outlive a loss of power; their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        while size > 0 and (block := archive.read(min(size, _BLOCK_BYTES))):
            size -= len(block)
            digest.update(block)
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    path.chmod(0o644)
    return digest.hexdigest()


class _Joined(io.RawIOBase):
    """Files read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        with contextlib.ExitStack() as stack:
            self._files = [stack.enter_context(path.open("rb", buffering=0)) for path in paths]
            self._opened = stack.pop_all()
        self._starts = [0]
        for file in self._files:
            self._starts.append(self._starts[-1] + os.fstat(file.fileno()).st_size)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._starts[-1]}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        for number, file in enumerate(self._files):
            start, stop = self._starts[number : number + 2]
            if start <= self._at < stop:
                wanted = min(len(buffer), stop - self._at)
                got = os.preadv(file.fileno(), [memoryview(buffer)[:wanted]], self._at - start)
                self._at += got
                return got
        return 0

    def close(self) -> None:
        self._opened.close()
        super().close()
