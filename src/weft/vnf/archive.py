"""Zip files from anyone: refused where a member could leave its folder, lie about its size or repeat."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageError
from weft.model.package import PackageFile
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = [
    "FILES_LIMIT",
    "FILE_LIMIT_BYTES",
    "TOTAL_LIMIT_BYTES",
    "Limits",
    "check_members",
    "damage_told",
    "name_problem",
    "read_members",
    "read_zip",
    "strip_top_folder",
    "write_zip",
]

FILES_LIMIT = 4096
FILE_LIMIT_BYTES = 16 * 2**20
TOTAL_LIMIT_BYTES = 64 * 2**20
_RATIO_FROM_BYTES = 2**20
_NAME_LIMIT_BYTES = 1024
_PART_LIMIT_BYTES = 255
_TOSCA_META = "TOSCA-Metadata/TOSCA.meta"


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may have at most; `ratio` is how much larger a file may be than its packed form.

    `hint` is added to what is told of sizes: how to allow more.
    """

    file_bytes: int = FILE_LIMIT_BYTES
    total_bytes: int = TOTAL_LIMIT_BYTES
    files: int = FILES_LIMIT
    ratio: int = 250
    hint: str = ""


_PACKAGE = Limits()
_OWN = Limits(ratio=2000)  # what we have written ourselves may be packed as tight as there is

# Descriptor, hashes, licence and change log come beside a package; a signature beside all of that.
_CSAR = Limits(total_bytes=TOTAL_LIMIT_BYTES + 2 * FILE_LIMIT_BYTES, files=FILES_LIMIT + 16)
_SIGNED = Limits(_CSAR.total_bytes + FILE_LIMIT_BYTES, _CSAR.total_bytes + 2 * FILE_LIMIT_BYTES, 8)


def read_zip(path: Path) -> tuple[PackageFile, ...]:
    """The files of an archive that `write_zip` has made."""
    return read_members(path.read_bytes(), str(path), _OWN)


def read_members(
    content: bytes, called: str, limits: Limits | None = None
) -> tuple[PackageFile, ...]:
    """Every file of a zip archive, whatever it is for; PackageError lists why none is taken.

    The limits are those of what its names say it is, unless given.
    """
    stream = io.BytesIO(content)
    with damage_told(called, stream), zipfile.ZipFile(stream) as archive:
        return _read_archive(archive, called, limits)


@contextlib.contextmanager
def damage_told(called: str, stream: BinaryIO) -> Iterator[None]:
    """Tell of all that reading a damaged archive from this stream raises."""
    try:
        yield
        return
    except zipfile.BadZipFile as error:
        is_zip = zipfile.is_zipfile(stream)
        problem = f"a damaged zip file: {error}" if is_zip else "neither a folder nor a zip file"
    except (
        *(zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError),
        *(OSError, MemoryError, LookupError, struct.error),
    ) as error:
        problem = f"a damaged zip file: {error}"
    raise PackageError(called, [Problem(called.rpartition("/")[2], 0, problem)])


def write_zip(path: Path, files: Iterable[PackageFile]) -> None:
    """Make a zip archive of files, at once or not at all; nobody else may read it."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(descriptor, "w+b") as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for file in files:
            archive.writestr(file.name, file.content)
    temporary.replace(path)


def name_problem(name: str) -> str | None:
    """Why a file of a package cannot be called so; None where it can."""
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or name[1:2] == ":":
        return "an absolute path is not allowed"
    if ".." in parts:
        return "a path that leaves the package ('..') is not allowed"
    if "" in parts or "." in parts or "\\" in name or not _is_plain(name):
        return "a file name that is not plain is not allowed"
    length = max(len(part.encode()) for part in parts)
    if length > _PART_LIMIT_BYTES or len(name.encode()) > _NAME_LIMIT_BYTES:
        return f"a file name of more than {_PART_LIMIT_BYTES} bytes is not allowed"
    return None


def strip_top_folder(files: tuple[PackageFile, ...]) -> tuple[PackageFile, ...]:
    """Archives made of a folder hold it as their only top entry."""
    tops = {file.name.split("/", 1)[0] for file in files}
    if len(tops) != 1 or not all("/" in file.name for file in files):
        return files
    return tuple(PackageFile(file.name.split("/", 1)[1], file.content) for file in files)


def _limits_of(names: set[str]) -> Limits:
    """What an archive of these names may be as large as."""
    if _TOSCA_META in names:
        return _CSAR
    is_signed = any(name.endswith(".csar") for name in names)
    return _SIGNED if is_signed and any(name.endswith(".cms") for name in names) else _PACKAGE


def _is_plain(name: str) -> bool:
    """Whether a name has neither control characters nor bytes that are no UTF-8."""
    return not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or _is_half(char) for char in name)


def _is_half(char: str) -> bool:
    """Half a surrogate pair: Python's way of keeping a byte that is no text; or a line's end."""
    return 0xD800 <= ord(char) < 0xE000 or char in "\u2028\u2029"


def _read_archive(
    archive: zipfile.ZipFile, called: str, limits: Limits | None
) -> tuple[PackageFile, ...]:
    limits = limits or _limits_of({member.orig_filename for member in archive.infolist()})
    problems = check_members(archive.infolist(), limits)
    if problems:
        raise PackageError(called, problems)
    members = [member for member in archive.infolist() if not member.is_dir()]
    return tuple(_take_members(archive, members, called, limits))


def check_members(members: list[zipfile.ZipInfo], limits: Limits) -> list[Problem]:
    """What is wrong with the members of an archive by their entries alone."""
    problems: list[Problem] = []
    seen: set[str] = set()
    # orig_filename is what the archive says; filename is already cut at a NUL byte.
    files = {member.orig_filename for member in members if not member.is_dir()}
    for member in members:
        name = member.orig_filename
        reason = _unsafe(member, name, limits) or ("is there twice" if name in seen else None)
        reason = reason or _inside_file(name, files)
        if reason:
            problems.append(Problem(_shown(name), 0, reason))
        seen.add(name)
    if len(members) > limits.files:
        problems.append(Problem("archive", 0, f"more than {limits.files} files"))
    total = sum(member.file_size for member in members)
    if total > limits.total_bytes:
        problems.append(Problem("archive", 0, _too_large(total, limits)))
    return problems


def _shown(name: str) -> str:
    """A name as it can be printed anywhere."""
    return name.encode("utf-8", "backslashreplace").decode()


def _inside_file(name: str, files: set[str]) -> str | None:
    parts = name.rstrip("/").split("/")
    for depth in range(1, len(parts)):
        outer = "/".join(parts[:depth])
        if outer in files:
            return f"'{outer}' is a file, and cannot be a folder too"
    return None


def _too_large(total: int, limits: Limits) -> str:
    most = f"at most {limits.total_bytes >> 20} MiB are allowed"
    return f"unpacks to {total} bytes; {most}{limits.hint}"


def _unsafe(member: zipfile.ZipInfo, name: str, limits: Limits) -> str | None:
    """Why a member is refused, from its entry alone."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    reason = name_problem(name)
    if reason:
        return reason
    if kind == stat.S_IFLNK:
        return "a symbolic link; a package holds plain files only"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "not a plain file"
    if member.flag_bits & 1:
        return "encrypted members are not allowed"
    if member.file_size > limits.file_bytes:
        return f"larger than {limits.file_bytes >> 20} MiB{limits.hint}"
    if member.file_size > max(_RATIO_FROM_BYTES, member.compress_size * limits.ratio):
        return (
            f"unpacks from {member.compress_size} to {member.file_size} bytes; at most "
            f"{limits.ratio} times as many are allowed"
        )
    return None


def _take_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], called: str, limits: Limits
) -> list[PackageFile]:
    """Read with a bound: the size in the entry is only a claim."""
    files: list[PackageFile] = []
    total = 0
    for member in members:
        with archive.open(member) as stream:
            content = stream.read(limits.file_bytes + 1)
        total += len(content)
        if len(content) > limits.file_bytes or total > limits.total_bytes:
            raise PackageError(called, [Problem(member.filename, 0, _too_large(total, limits))])
        files.append(PackageFile(member.filename, content))
    return files
