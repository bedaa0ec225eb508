"""The files of a zip archive of any size, read one by one: large ones never lie in memory as a whole."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageError, UsageError
from weft.model.problem import Problem
from weft.vnf.archive import FILE_LIMIT_BYTES, Limits, check_members, damage_told
from weft.vnf.quantities import MEMORY_ALLOWED, memory_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["BLOCK_BYTES", "LIMIT_VARIABLE", "Members", "large_parts", "most_bytes"]

LIMIT_VARIABLE = "WEFT_ARCHIVE_LIMIT"
"""The environment variable that says how large an archive may be unpacked."""

BLOCK_BYTES = 2**20
_USUAL_LIMIT = "16GiB"
_FILES = 16384
_RATIO = 1100  # a little more than there is with the usual compression: images are often empty
_HEADER_BYTES = 30
_UPWARDS = re.compile(r"^(\.{0,2}/)+")


def most_bytes() -> int:
    """What an archive of another maker may be as large as, unpacked; UsageError where it is no size."""
    text = os.environ.get(LIMIT_VARIABLE) or _USUAL_LIMIT
    most = memory_bytes(text)
    if most is None:
        raise UsageError(f"{LIMIT_VARIABLE} '{text}': not understood; allowed: {MEMORY_ALLOWED}")
    return most


def _limits() -> Limits:
    most = most_bytes()
    hint = f"; {LIMIT_VARIABLE}=SIZE allows more, as in {LIMIT_VARIABLE}=64GiB"
    return Limits(most, most, _FILES, _RATIO, hint)


class Members:
    """The files of one archive, by name; those of an archive made of a folder are named below it.

    Every entry is checked first: PackageError lists all that is not safe.
    """

    def __init__(self, stream: BinaryIO, called: str) -> None:
        self.called = called
        self._stream = stream
        with damage_told(called, stream):
            self._archive = zipfile.ZipFile(stream)
        infos = self._archive.infolist()
        problems = [*check_members(infos, _limits()), *_overlapping(infos)]
        if problems:
            raise PackageError(called, problems)
        files = [info for info in infos if not info.is_dir()]
        top = _top_folder([info.filename for info in files])
        self._infos = {info.filename.removeprefix(top): info for info in files}
        self._by_last: dict[str, list[str]] = {}
        for name in self._infos:
            self._by_last.setdefault(name.rpartition("/")[2], []).append(name)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def find(self, file: str) -> str:
        """The file called so, else the first one below some folder; empty where there is none."""
        wanted = _UPWARDS.sub("", file)
        if wanted in self._infos:
            return wanted
        near = self._by_last.get(wanted.rpartition("/")[2], ()) if wanted else ()
        return next((name for name in near if name.endswith(f"/{wanted}")), "")

    def size(self, name: str) -> int:
        """The bytes of a file."""
        return self._infos[name].file_size

    def is_large(self, name: str) -> bool:
        """Whether a file is too large for a package of ours, and for `read`."""
        return self.size(name) > FILE_LIMIT_BYTES

    def read(self, name: str) -> bytes:
        """All of a file; PackageError where it is large."""
        if self.is_large(name):
            told = f"larger than {FILE_LIMIT_BYTES >> 20} MiB, which no text is"
            raise PackageError(self.called, [Problem(name, 0, told)])
        return b"".join(self.pieces(name))

    def head(self, name: str, count: int) -> bytes:
        """The first bytes of a file."""
        with damage_told(self.called, self._stream), self._archive.open(self._infos[name]) as file:
            return file.read(count)

    def pieces(self, name: str) -> Iterator[bytes]:
        """A file, block by block; PackageError where it is not what its entry says."""
        taken = 0
        with damage_told(self.called, self._stream), self._archive.open(self._infos[name]) as file:
            while block := file.read(BLOCK_BYTES):
                taken += len(block)
                yield block
        if taken != self.size(name):
            told = f"unpacks to {taken} bytes; its entry says {self.size(name)}"
            raise PackageError(self.called, [Problem(name, 0, told)])

    def digests(self, name: str, algorithms: Iterable[str]) -> dict[str, str]:
        """The hashes of a file by the names that Python has for the algorithms, in one reading."""
        hashes = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        for block in self.pieces(name):
            for one in hashes.values():
                one.update(block)
        return {algorithm: one.hexdigest() for algorithm, one in hashes.items()}

    def parts(self, least_bytes: int) -> list[tuple[int, int]]:
        """Where in the archive the packed files lie that have at least so many bytes: start and end."""
        found = []
        for info in self._infos.values():
            start = self._start(info)
            if info.compress_size >= least_bytes:
                found.append((start, start + info.compress_size))
        return sorted(found)

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Where the bytes of a file begin: behind its header, whose names may differ in length."""
        self._stream.seek(info.header_offset)
        header = self._stream.read(_HEADER_BYTES)
        lengths = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return info.header_offset + _HEADER_BYTES + lengths


def large_parts(stream: BinaryIO, called: str, least_bytes: int) -> list[tuple[int, int]]:
    """Where in an archive, however deep, packed files of at least so many bytes lie."""
    return Members(stream, called).parts(least_bytes)


def _top_folder(names: list[str]) -> str:
    """The folder that an archive holds as its only top entry, with `/`."""
    tops = {name.partition("/")[0] for name in names}
    inside = len(tops) == 1 and all("/" in name for name in names)
    return f"{tops.pop()}/" if inside else ""


def _overlapping(infos: list[zipfile.ZipInfo]) -> Iterator[Problem]:
    """Files that share bytes make a small archive unpack to any size."""
    placed = sorted(infos, key=lambda info: info.header_offset)
    for info, behind in itertools.pairwise(placed):
        if info.header_offset + _HEADER_BYTES + info.compress_size > behind.header_offset:
            yield Problem(behind.filename, 0, f"overlaps '{info.filename}' in the archive")
