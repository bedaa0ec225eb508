"""Zip files from anyone: refused where a member could leave its folder, lie about its size or repeat."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.package import PackageFile
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["FILES_LIMIT", "FILE_LIMIT_BYTES", "TOTAL_LIMIT_BYTES", "read_zip", "write_zip"]

FILES_LIMIT = 4096
FILE_LIMIT_BYTES = 16 * 2**20
TOTAL_LIMIT_BYTES = 64 * 2**20


def read_zip(path: Path) -> tuple[PackageFile, ...]:
    """The files of a zip archive; all of them are checked before any is taken."""
    with path.open("rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                return _read_archive(archive, str(path))
        except zipfile.BadZipFile:
            problem = "neither a folder nor a zip file"
        except (
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            problem = f"a damaged zip file: {error}"
    raise PackageError(str(path), [Problem(path.name, 0, problem)])


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


def _read_archive(archive: zipfile.ZipFile, package: str) -> tuple[PackageFile, ...]:
    problems = _check_members(archive.infolist())
    if problems:
        raise PackageError(package, problems)
    members = [member for member in archive.infolist() if not member.is_dir()]
    return _strip_top_folder(_read_members(archive, members, package))


def _check_members(members: list[zipfile.ZipInfo]) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for member in members:
        # orig_filename is what the archive says; filename is already cut at a NUL byte.
        name = member.orig_filename
        reason = _unsafe(member, name) or ("is there twice" if name in seen else None)
        if reason:
            problems.append(Problem(name, 0, reason))
        seen.add(name)
    if len(members) > FILES_LIMIT:
        problems.append(Problem("archive", 0, f"more than {FILES_LIMIT} files"))
    total = sum(member.file_size for member in members)
    if total > TOTAL_LIMIT_BYTES:
        problems.append(Problem(members[0].orig_filename, 0, _too_large(total)))
    return problems


def _too_large(total: int) -> str:
    return (
        f"the archive unpacks to {total} bytes; at most {TOTAL_LIMIT_BYTES >> 20} MiB are allowed"
    )


def _unsafe(member: zipfile.ZipInfo, name: str) -> str | None:
    """Why a member is refused, from its entry alone."""
    parts = name.rstrip("/").split("/")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if name.startswith("/") or name[1:2] == ":":
        return "an absolute path is not allowed"
    if ".." in parts:
        return "a path that leaves the package ('..') is not allowed"
    if "" in parts or "." in parts or "\\" in name or any(ord(char) < 32 for char in name):
        return "a file name that is not plain is not allowed"
    if kind == stat.S_IFLNK:
        return "a symbolic link; a package holds plain files only"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "not a plain file"
    if member.flag_bits & 1:
        return "encrypted members are not allowed"
    if member.file_size > FILE_LIMIT_BYTES:
        return f"larger than {FILE_LIMIT_BYTES >> 20} MiB"
    return None


def _read_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], package: str
) -> list[PackageFile]:
    """Read with a bound: the size in the entry is only a claim."""
    files: list[PackageFile] = []
    total = 0
    for member in members:
        with archive.open(member) as stream:
            content = stream.read(FILE_LIMIT_BYTES + 1)
        total += len(content)
        if len(content) > FILE_LIMIT_BYTES or total > TOTAL_LIMIT_BYTES:
            raise PackageError(package, [Problem(member.filename, 0, _too_large(total))])
        files.append(PackageFile(member.filename, content))
    return files


def _strip_top_folder(files: list[PackageFile]) -> tuple[PackageFile, ...]:
    """Archives made of a folder hold it as their only top entry."""
    tops = {file.name.split("/", 1)[0] for file in files}
    if len(tops) != 1 or not all("/" in file.name for file in files):
        return tuple(files)
    return tuple(PackageFile(file.name.split("/", 1)[1], file.content) for file in files)
