"""Packages made elsewhere: each format becomes the files of a package of ours, as far as it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.model.package import MANIFEST

if TYPE_CHECKING:
    from weft.model.catalogue import PackagePart
    from weft.model.package import PackageFile
    from weft.model.problem import Problem
    from weft.vnf.csar.signature import Signature

__all__ = ["Onboarded", "Origin"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What an archive of another maker says of itself, and the digest of its files."""

    name: str
    version: str
    digest: str
    provider: str = ""
    descriptor_id: str = ""
    released: str = ""
    size_bytes: int = 0
    parts: tuple[PackagePart, ...] = ()
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Onboarded:
    """The files of a package, and what of the original it does not run, each with the reason.

    Without anything to run there are no files: the archive is kept as it is.
    """

    files: tuple[PackageFile, ...]
    notes: tuple[Problem, ...] = ()
    origin: Origin | None = None

    @property
    def is_runnable(self) -> bool:
        """Whether there is something to run: a `vnf.yaml`."""
        return any(file.name == MANIFEST for file in self.files)

    @property
    def report(self) -> str:
        """What is not run, and why, for whoever looks into the folder."""
        lines = [f"- `{note.file}`: {note.message}\n" for note in self.notes]
        head = "" if self.is_runnable else "Nothing of this package can be run as it is.\n\n"
        return f"# What was not taken over\n\n{head}{''.join(lines) or 'Everything was.'}"
