"""Opening an archive of another maker, which may lie in a zip with its signature (SOL004 option 2)."""

from __future__ import annotations

import contextlib
import posixpath
import struct
import tempfile
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageError
from weft.model.package import MANIFEST
from weft.model.problem import Problem
from weft.vnf.csar.layout import FOLDER, META
from weft.vnf.document import LARGEST_DOCUMENT_BYTES
from weft.vnf.onboarding.descriptor import is_descriptor
from weft.vnf.onboarding.members import Members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.vnf.csar.signature import Signature

__all__ = ["has_descriptor", "is_foreign", "is_foreign_archive", "opened"]

_YAML = (".yaml", ".yml")
_ARCHIVES = (".csar", ".zip")
_SIGNATURES = (".cms", ".p7s", ".sig")
_CERTIFICATES = (".cert", ".crt", ".pem")
_OWN = b"Created-By: weft"


def is_foreign(members: Members) -> bool:
    """Whether an archive holds a descriptor that somebody else has made, and no package of ours."""
    if META in members:
        return FOLDER + MANIFEST not in members and _OWN not in members.head(META, 4096)
    return MANIFEST not in members and has_descriptor(members)


def is_foreign_archive(stream: BinaryIO, called: str) -> bool:
    """Whether a file is such an archive, or holds one; what is no archive at all is told elsewhere."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (
        *(zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError),
        *(OSError, EOFError, LookupError, struct.error),
    ):
        return False
    ours = (MANIFEST, FOLDER + MANIFEST)
    if any(name in ours or name.split("/", 1)[-1] in ours for name in names):
        return False
    if not any(name.endswith((META, *_YAML, *_ARCHIVES)) for name in names):
        return False
    outer = Members(stream, called)
    name = _inner(outer)
    if name is None:
        return is_foreign(outer)
    with tempfile.TemporaryFile() as inner:
        for block in outer.pieces(name):
            inner.write(block)
        return is_foreign_archive(inner, f"{called}/{name}")


def has_descriptor(members: Members) -> bool:
    """Whether an archive says which file describes its function, or holds a template at the top."""
    return META in members or any(
        name.endswith(_YAML)
        and name.count("/") <= name.startswith("Definitions/")
        and members.size(name) <= LARGEST_DOCUMENT_BYTES
        and is_descriptor(members.read(name))
        for name in members
    )


@contextlib.contextmanager
def opened(stream: BinaryIO, called: str) -> Iterator[tuple[Members, Signature | None]]:
    """The files of an archive, or of the one archive in it, and the signature beside that."""
    outer = Members(stream, called)
    name = _inner(outer)
    if name is None:
        yield outer, None
        return
    with tempfile.TemporaryFile() as inner:
        for block in outer.pieces(name):
            inner.write(block)
        signature = _signature(outer, name, inner, called)
        yield Members(inner, f"{called}/{name}"), signature


def _inner(members: Members) -> str | None:
    """The one archive at the top of another that describes nothing itself."""
    names = [name for name in members if "/" not in name and name.endswith(_ARCHIVES)]
    return names[0] if len(names) == 1 and not has_descriptor(members) else None


def _signature(outer: Members, name: str, inner: BinaryIO, called: str) -> Signature | None:
    blocks = [one for one in outer if one.endswith(_SIGNATURES) and not outer.is_large(one)]
    if not blocks:
        return None
    from weft.vnf.csar.signature import read_signature

    stem = posixpath.splitext(name)[0]
    block = next((one for one in blocks if one.startswith(stem)), blocks[0])
    near = (one for one in outer if one.endswith(_CERTIFICATES) and not outer.is_large(one))
    file = next(near, None)
    further = outer.read(file) if file else None
    try:
        return read_signature(outer.read(block), inner, further, called, name)
    except PackageError as error:
        if "altered" in str(error):
            raise
        raise PackageError(called, [_unreadable(block, one) for one in error.problems]) from None


def _unreadable(block: str, problem: Problem) -> Problem:
    return Problem(block, 0, problem.message)
