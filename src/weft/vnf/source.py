"""Reading the files of a package, from a folder or a zip, without trusting either."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from weft.errors import PackageError, UsageError, WeftError
from weft.model.package import PackageFile
from weft.model.problem import Problem
from weft.vnf import archive
from weft.vnf.archive import FILE_LIMIT_BYTES, FILES_LIMIT, TOTAL_LIMIT_BYTES
from weft.vnf.manifest import MANIFEST, NO_MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_files"]


def read_files(path: Path) -> tuple[PackageFile, ...]:
    """The files of the package at `path`; PackageError where reading them would not be safe."""
    try:
        if path.is_dir():
            _check_manifest(path)
            return _read_folder(path)
        if path.is_file():
            return archive.read_zip(path)
    except OSError as error:
        raise WeftError(f"cannot read '{error.filename}': {error.strerror}") from None
    raise UsageError(
        f"no package at '{path}'", hint="a package is a folder or zip file with a vnf.yaml"
    )


def _check_manifest(folder: Path) -> None:
    """What is no package is not read through."""
    try:
        (folder / MANIFEST).lstat()
    except FileNotFoundError:
        raise PackageError(str(folder), [Problem(MANIFEST, 0, NO_MANIFEST)]) from None


def _read_folder(folder: Path) -> tuple[PackageFile, ...]:
    problems: list[Problem] = []
    files: list[PackageFile] = []
    total = 0
    for entry in _walk(folder):
        name = entry.relative_to(folder).as_posix()
        status = entry.lstat()
        total += status.st_size
        if stat.S_ISLNK(status.st_mode):
            problems.append(Problem(name, 0, "a symbolic link; a package holds plain files only"))
        elif not stat.S_ISREG(status.st_mode):
            problems.append(Problem(name, 0, "not a plain file"))
        elif status.st_size > FILE_LIMIT_BYTES:
            problems.append(Problem(name, 0, f"larger than {FILE_LIMIT_BYTES >> 20} MiB"))
        elif total > TOTAL_LIMIT_BYTES:
            problems.append(Problem(name, 0, f"the package exceeds {TOTAL_LIMIT_BYTES >> 20} MiB"))
            break
        elif len(files) >= FILES_LIMIT:
            problems.append(Problem(name, 0, f"the package has more than {FILES_LIMIT} files"))
            break
        else:
            files.append(PackageFile(name, entry.read_bytes()))
    if problems:
        raise PackageError(str(folder), problems)
    return tuple(files)


def _walk(folder: Path) -> list[Path]:
    """Everything below but folders and hidden or generated names, in a fixed order."""
    found: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name == "__pycache__":
            continue
        if entry.is_dir() and not entry.is_symlink():
            found.extend(_walk(entry))
        else:
            found.append(entry)
        if len(found) > FILES_LIMIT:
            break
    return found
