"""Any package made elsewhere, recognized by what it holds."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageError, UsageError
from weft.model.package import PackageFile
from weft.model.problem import Problem
from weft.vnf.archive import FILE_LIMIT_BYTES, read_members, strip_top_folder
from weft.vnf.onboarding.click_on_osv import header_of, onboard_click_on_osv
from weft.vnf.onboarding.coven import INSTALL, onboard_coven
from weft.vnf.onboarding.foreign import has_descriptor, opened
from weft.vnf.onboarding.members import Members
from weft.vnf.onboarding.sol001 import onboard_sol001
from weft.vnf.source import read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weft.vnf.onboarding import Onboarded

__all__ = [
    "FORMATS",
    "make_folder",
    "onboard",
    "onboard_archive",
    "onboard_bytes",
    "unpack_archive",
]

FORMATS = (
    "a CSAR with a descriptor after SOL001 or SOL006, a .coven archive, or a Click file with the header of "
    "Click-on-OSv"
)

_GZIP = b"\x1f\x8b"


def make_folder(folder: Path, files: Iterable[PackageFile]) -> Path:
    """Write a package's files into a new folder: all of them, or none."""

    def fill(place: Path) -> None:
        for file in files:
            _target(place, file.name).write_bytes(file.content)

    return _made(folder, fill)


def unpack_archive(path: Path, folder: Path, report: PackageFile) -> Path:
    """Write all files of an archive of another maker into a new folder, with a report: all, or none."""

    def fill(place: Path) -> None:
        with path.open("rb") as stream, opened(stream, str(path)) as (members, _):
            for name in members:
                with _target(place, name).open("wb") as file:
                    for block in members.pieces(name):
                        file.write(block)
        (place / report.name).write_bytes(report.content)

    return _made(folder, fill)


def _target(place: Path, name: str) -> Path:
    target = place / name
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def _made(folder: Path, fill: Callable[[Path], None]) -> Path:
    temporary = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(temporary, ignore_errors=True)
    if folder.exists():
        raise UsageError(f"'{folder}' is there already; nothing was changed")
    try:
        temporary.mkdir(parents=True)
        fill(temporary)
        temporary.rename(folder)
    except OSError as error:
        raise UsageError(f"cannot make '{folder}': {error.strerror}") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def onboard(path: Path, configuration: bytes | None = None) -> Onboarded:
    """The package of ours that the one at `path` becomes; PackageError tells what is wrong with it."""
    try:
        with path.open("rb") as stream:
            return _onboard(stream, str(path), configuration)
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None


def onboard_bytes(content: bytes, called: str, configuration: bytes | None = None) -> Onboarded:
    """As `onboard`, of the bytes of a file; a COVEN `configuration` takes the place of its own."""
    return _onboard(io.BytesIO(content), called, configuration)


def onboard_archive(stream: BinaryIO, called: str) -> Onboarded | None:
    """What becomes of an archive after SOL004, of whatever maker; None where it is none."""
    with opened(stream, called) as (members, signature):
        if not has_descriptor(members):
            return None
        onboarded = onboard_sol001(members, called)
        assert onboarded.origin is not None
        origin = replace(onboarded.origin, signature=signature or onboarded.origin.signature)
        return replace(onboarded, origin=origin)


def _onboard(stream: BinaryIO, called: str, configuration: bytes | None) -> Onboarded:
    head = stream.read(FILE_LIMIT_BYTES + 1)
    stream.seek(0)
    if head.startswith(b"PK"):
        if configuration is not None or INSTALL in Members(stream, called):
            files = strip_top_folder(read_members(read_all(stream, called), called))
            return onboard_coven(files, called, configuration)
        onboarded = onboard_archive(stream, called)
        if onboarded is not None:
            return onboarded
    elif len(head) <= FILE_LIMIT_BYTES and header_of(head.decode("utf-8", errors="replace")):
        return onboard_click_on_osv(PackageFile(Path(called).name, head), called)
    told = f"not understood; allowed: {FORMATS}"
    if head.startswith(_GZIP):
        told = f"compressed by gzip: unpack it, and pack its files as a zip; allowed: {FORMATS}"
    raise PackageError(called, [Problem(Path(called).name, 0, told)])
