"""Reading the files of a package, from a folder, a zip or a CSAR, without trusting any of them."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import NotRunnableError, PackageError, UsageError, WeftError
from weft.model.package import PackageFile
from weft.model.problem import Problem
from weft.vnf import archive
from weft.vnf.archive import FILE_LIMIT_BYTES, FILES_LIMIT, TOTAL_LIMIT_BYTES, name_problem
from weft.vnf.manifest import MANIFEST, NO_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from weft.vnf.csar.reading import Csar
    from weft.vnf.csar.signature import Signature
    from weft.vnf.onboarding import Onboarded, Origin

__all__ = [
    "LARGEST_BYTES",
    "Source",
    "open_source",
    "read_all",
    "read_archive",
    "read_files",
    "read_foreign",
    "source_of",
]

LARGEST_BYTES = 2 * TOTAL_LIMIT_BYTES + FILE_LIMIT_BYTES
"""What no archive of a package is larger than."""

_HINT = "a package is a folder, a zip or a CSAR with a vnf.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a package as they were found: a `folder`, `zip`, `csar`, `signed-zip` or `foreign`.

    What is `foreign` was made for another system, and has an `origin`.
    """

    files: tuple[PackageFile, ...]
    form: str
    signature: Signature | None = None
    origin: Origin | None = None


def read_files(path: Path) -> tuple[PackageFile, ...]:
    """The files of the package at `path`; PackageError where reading them would not be safe.

    An archive is checked whole: hashes, descriptor, and the signature where there is one.
    """
    return open_source(path).files


def open_source(path: Path) -> Source:
    """The package at `path`, and by whom it is signed."""
    try:
        if path.is_dir():
            _check_manifest(path)
            return Source(_read_folder(path), "folder")
        if path.is_file():
            with path.open("rb") as stream:
                return read_archive(stream, str(path))
    except OSError as error:
        raise WeftError(f"cannot read '{error.filename}': {error.strerror}") from None
    raise UsageError(f"no package at '{path}'", hint=_HINT)


def read_archive(content: bytes | BinaryIO, called: str) -> Source:
    """The package in a zip of its folder, a CSAR, or a zip with a signed CSAR.

    A CSAR may also be of another maker; NotRunnableError tells why nothing of it can be run.
    """
    from weft.vnf.csar.reading import is_csar, read_csar  # folders do without
    from weft.vnf.csar.signature import is_signed_zip

    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    foreign = read_foreign(stream, called)
    if foreign is not None:
        return source_of(foreign, called)
    content = content if isinstance(content, bytes) else read_all(stream, called)
    members = archive.read_members(content, called)
    if is_csar(members):
        return _source_of(read_csar(members, called), called)
    if is_signed_zip(members):
        return _read_signed_zip(members, called)
    return Source(archive.strip_top_folder(members), "zip")


def read_foreign(stream: BinaryIO, called: str) -> Onboarded | None:
    """What becomes of an archive that was made for another system; None where it is a package of ours."""
    from weft.vnf.onboarding.foreign import is_foreign_archive

    if not is_foreign_archive(stream, called):
        return None
    from weft.vnf.onboarding.importing import onboard_archive

    return onboard_archive(stream, called)


def source_of(onboarded: Onboarded, called: str) -> Source:
    """The package that was made of an archive of another maker."""
    if not onboarded.is_runnable:
        raise NotRunnableError(called, onboarded.notes)
    assert onboarded.origin is not None
    signature = onboarded.origin.signature
    return Source(onboarded.files, "foreign", signature, onboarded.origin)


def read_all(stream: BinaryIO, called: str) -> bytes:
    """All of an archive of a package of ours."""
    stream.seek(0)
    content = stream.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        too_large = f"larger than {LARGEST_BYTES >> 20} MiB"
        raise PackageError(called, [Problem(called.rpartition("/")[2], 0, too_large)])
    return content


def _source_of(csar: Csar, called: str) -> Source:
    if csar.signature is None:
        return Source(csar.files, "csar")
    from weft.vnf.csar.signature import read_signature

    signature = read_signature(csar.signature, csar.signed, csar.certificate, called, csar.manifest)
    return Source(csar.files, "csar", signature)


def _read_signed_zip(members: Sequence[PackageFile], called: str) -> Source:
    """SOL004's option 2: what is signed is the CSAR as a whole."""
    from weft.vnf.csar.layout import META
    from weft.vnf.csar.reading import is_csar, read_csar
    from weft.vnf.csar.signature import read_signature, read_signed_zip

    whole = read_signed_zip(members, called)
    name = whole.csar.name
    signature = read_signature(whole.signature, whole.csar.content, whole.certificate, called, name)
    inner = archive.read_members(whole.csar.content, f"{called}/{name}")
    if not is_csar(inner):
        raise PackageError(called, [Problem(name, 0, f"no '{META}' in it: it is no CSAR")])
    source = _source_of(read_csar(inner, f"{called}/{name}"), f"{called}/{name}")
    return Source(source.files, "signed-zip", signature)


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
        reason = name_problem(name)
        if reason:
            problems.append(Problem(name.encode("utf-8", "backslashreplace").decode(), 0, reason))
        elif stat.S_ISLNK(status.st_mode):
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
