"""Where things lie in an archive, and what its `TOSCA.meta` says of them (SOL004, 4.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from weft.vnf.csar.mf import key_and_value

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DESCRIPTOR", "FOLDER", "LICENSES", "META", "Layout", "meta_text", "read_meta"]

META = "TOSCA-Metadata/TOSCA.meta"
FOLDER = "Package/"
"""Below it lie the files of the package, as they were."""

LICENSES = "Licenses"
DESCRIPTOR = "Definitions/vnfd.yaml"
_OWN_CHANGELOG = "ChangeLog.txt"
# As they were called before version 2.6.1 of SOL004.
_FORMER = {f"ETSI-{key}": key for key in ("Entry-Manifest", "Entry-Certificate")}


@dataclass(frozen=True, slots=True)
class Layout:
    """The names of an archive's own members; `changelog` is the package's, or one that we make."""

    name: str
    license: str = ""
    changelog: str = _OWN_CHANGELOG

    @classmethod
    def of(cls, name: str, license_file: str, changelog: str) -> Layout:
        """The layout of a package called `name`, with the files it names."""
        license_name = f"{LICENSES}/{PurePosixPath(license_file).name}" if license_file else ""
        return cls(name, license_name, FOLDER + changelog if changelog else _OWN_CHANGELOG)

    @property
    def makes_changelog(self) -> bool:
        """Whether the package has none of its own."""
        return self.changelog == _OWN_CHANGELOG

    @property
    def manifest(self) -> str:
        """The list of all files with their hashes."""
        return f"{self.name}.mf"

    @property
    def certificate(self) -> str:
        """The certificate of whoever signed the list."""
        return f"{self.name}.cert"


def meta_text(layout: Layout, *, signed: bool) -> str:
    """The contents of `TOSCA.meta`."""
    lines = {
        "TOSCA-Meta-File-Version": "1.0",
        "CSAR-Version": "1.1",
        "Created-By": "weft",
        "Entry-Definitions": DESCRIPTOR,
        "ETSI-Entry-Manifest": layout.manifest,
        "ETSI-Entry-Change-Log": layout.changelog,
    }
    if layout.license:
        lines["ETSI-Entry-Licenses"] = LICENSES
    if signed:
        lines["ETSI-Entry-Certificate"] = layout.certificate
    return "".join(f"{key}: {value}\n" for key, value in lines.items())


def read_meta(content: bytes) -> Mapping[str, str]:
    """The keys of block 0 of a `TOSCA.meta`, former names under their present ones."""
    found: dict[str, str] = {}
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    for line in text.lstrip("\ufeff\n").split("\n\n", 1)[0].split("\n"):
        pair = key_and_value(line)
        if pair:
            found.setdefault(*pair)
    for present, former in _FORMER.items():
        if former in found:
            found.setdefault(present, found[former])
    return found
