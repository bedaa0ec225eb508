"""Reading an archive after SOL004: everything is checked before its package is handed on."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.package import MANIFEST, PackageFile
from weft.model.problem import Problem
from weft.vnf.archive import TOTAL_LIMIT_BYTES, name_problem
from weft.vnf.csar.descriptor import id_of
from weft.vnf.csar.layout import FOLDER, META, read_meta
from weft.vnf.csar.mf import ALGORITHMS, read_listing, signed_part
from weft.vnf.document import MappingNode, TextNode, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from weft.vnf.csar.mf import Entry, Listing

__all__ = ["Csar", "is_csar", "read_csar"]

_NEEDED = ("CSAR-Version", "Entry-Definitions", "ETSI-Entry-Manifest")


@dataclass(frozen=True, slots=True)
class Csar:
    """An archive without problems.

    `signed` is what `signature` is of; without a signature in the archive that is None.
    `certificate` is the file with the signer's certificate, if there is one.
    """

    files: tuple[PackageFile, ...]
    manifest: str
    signed: bytes
    signature: bytes | None
    certificate: bytes | None


def is_csar(members: Sequence[PackageFile]) -> bool:
    """Whether these files are of an archive after SOL004, of whatever maker.

    A package that was made of one may have kept all its files, beside a `vnf.yaml` at the top.
    """
    names = {member.name for member in members}
    return META in names and (MANIFEST not in names or FOLDER + MANIFEST in names)


def read_csar(members: Sequence[PackageFile], called: str) -> Csar:
    """The package in an archive; PackageError lists all that is wrong with the archive."""
    return _Reading(members, called).read()


class _Reading:
    """One reading of one archive."""

    def __init__(self, members: Sequence[PackageFile], called: str) -> None:
        self.contents = {member.name: member.content for member in members}
        self.called = called
        self.problems: list[Problem] = []

    def read(self) -> Csar:
        meta = read_meta(self.contents[META])
        for key in _NEEDED:
            self._check_key(meta, key)
        manifest = meta.get("ETSI-Entry-Manifest", "")
        content = self.contents.get(manifest)
        if content is None:
            raise PackageError(self.called, self.problems)
        signed, signature = signed_part(content)
        certificate = meta.get("ETSI-Entry-Certificate") or f"{manifest.removesuffix('.mf')}.cert"
        listing, problems = read_listing(manifest, content)
        self.problems += problems
        # Neither can be in the list; what is of the package must be.
        unlisted = {name for name in (manifest, certificate) if not name.startswith(FOLDER)}
        self._check_listing(manifest, listing, unlisted)
        files = tuple(self._package())
        self._check_descriptor(meta.get("Entry-Definitions", ""), manifest, listing)
        if self.problems:
            raise PackageError(self.called, sorted(set(self.problems)))
        return Csar(files, manifest, signed, signature, self.contents.get(certificate))

    def _problem(self, file: str, line: int, message: str) -> None:
        self.problems.append(Problem(file, line, message))

    def _check_key(self, meta: Mapping[str, str], key: str) -> None:
        value = meta.get(key)
        if value is None:
            self._problem(META, 0, f"missing key '{key}'")
        elif key == "CSAR-Version":
            if value != "1.1":
                self._problem(META, 0, f"{key}: '{value}' is not known; allowed: 1.1")
        elif value not in self.contents:
            self._problem(META, 0, f"{key}: no file '{value}' in the archive")

    def _check_listing(self, file: str, listing: Listing, unlisted: set[str]) -> None:
        """Every file is listed, every listed file is there, and each has the hash it should."""
        listed: dict[str, int] = {}
        for entry in listing.entries:
            if entry.source in listed:
                again = f"'{entry.source}' is listed twice, first on line {listed[entry.source]}"
                self._problem(file, entry.line, again)
                continue
            listed[entry.source] = entry.line
            self._check_entry(file, entry)
        for name in self.contents:
            if name not in listed and name not in unlisted:
                self._problem(name, 0, f"is not listed in '{file}'")

    def _check_entry(self, file: str, entry: Entry) -> None:
        content = self.contents.get(entry.source)
        if content is None:
            reason = name_problem(entry.source) if entry.source else "a name is needed"
            missing = f"'{entry.source}' is listed, but not in the archive"
            self._problem(file, entry.line, f"'{entry.source}': {reason}" if reason else missing)
            return
        algorithm = ALGORITHMS.get(entry.algorithm.upper())
        if algorithm is None or not entry.hash:
            return  # told already
        digest = hashlib.new(algorithm, content).hexdigest()
        if not hmac.compare_digest(digest, _plain(entry.hash)):
            found = f"it has the {entry.algorithm} {digest}"
            self._problem(
                entry.source, 0, f"is not what '{file}' lists on line {entry.line}; {found}"
            )

    def _package(self) -> Iterator[PackageFile]:
        total = 0
        for name, content in self.contents.items():
            if name.startswith(FOLDER):
                total += len(content)
                yield PackageFile(name.removeprefix(FOLDER), content)
        if FOLDER + MANIFEST not in self.contents:
            foreign = "an archive that `weft package build` did not make holds no package for weft"
            self._problem(FOLDER + MANIFEST, 0, f"missing; {foreign}")
        if total > TOTAL_LIMIT_BYTES:
            most = f"{TOTAL_LIMIT_BYTES >> 20} MiB"
            self._problem(FOLDER, 0, f"the package exceeds {most}")

    def _check_descriptor(self, file: str, manifest: str, listing: Listing) -> None:
        """Descriptor, list and package must be about the same."""
        content = self.contents.get(file)
        known = _known_id(self.contents.get(FOLDER + MANIFEST))
        if content is None or known is None:
            return
        ids = set(_descriptor_ids(content))
        if not ids:
            self._problem(file, 0, "no VNF with a descriptor_id is described")
        for found in sorted(ids - {known}):
            self._problem(file, 0, f"descriptor_id '{found}' is unknown; the package has '{known}'")
        listed = listing.metadata.get("vnfd_id", known)
        if listed != known:
            self._problem(manifest, 0, f"vnfd_id '{listed}' is unknown; the package has '{known}'")


def _plain(text: str) -> str:
    """A hash, as `hexdigest` writes one; what is no ASCII cannot be compared."""
    return text.lower() if text.isascii() else ""


def _known_id(manifest: bytes | None) -> str | None:
    """The id that the descriptor of this package has; None where the package is not readable."""
    root = read_document(MANIFEST, manifest) if manifest is not None else None
    if not isinstance(root, MappingNode):
        return None
    texts = {key.text: value.text for key, value in root.entries if isinstance(value, TextNode)}
    if not texts.get("vnf") or not texts.get("version"):
        return None
    return id_of(texts.get("provider", ""), texts["vnf"], texts["version"])


def _descriptor_ids(content: bytes) -> Iterator[str]:
    """Every default that a descriptor gives to a `descriptor_id`.

    Line by line, for a parser of YAML can be kept busy for long.
    """
    inside: int | None = None
    for line in content.decode("utf-8", "replace").split("\n"):
        text = line.strip()
        indent = len(line) - len(line.lstrip())
        if inside is not None and text and indent <= inside:
            inside = None
        if text == "descriptor_id:":
            inside = indent
        elif inside is not None and text.startswith("default:"):
            yield text.removeprefix("default:").strip().strip("\"'")
