"""Whether the files of an archive are what its maker lists: every hash, in one reading of every file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.problem import Problem
from weft.vnf.csar.layout import META, read_meta
from weft.vnf.csar.mf import ALGORITHMS, key_and_value, read_listing, signed_part
from weft.vnf.digest import digest_of_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.vnf.csar.mf import Entry
    from weft.vnf.csar.signature import Signature
    from weft.vnf.onboarding.members import Members

__all__ = ["ArtifactSet", "Integrity", "check_integrity"]

_SHA256 = "sha256"
_SETS = "non_mano_artifact_sets"
_PLAIN_NAME = re.compile(r"[^A-Za-z0-9]")
_OWN_KEYS = ("Source", "Algorithm", "Hash")


@dataclass(frozen=True, slots=True)
class ArtifactSet:
    """Files that are not for who manages the function (non-MANO artifacts), under a registered name."""

    name: str
    sources: tuple[str, ...]


@dataclass(slots=True)
class Integrity:
    """What was found: the digest of all files, facts of the manifest, and what is only told."""

    digest: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    sets: list[ArtifactSet] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    signature: Signature | None = None
    read: set[str] = field(default_factory=set)
    """The files that were read for it."""


def check_integrity(members: Members, called: str) -> Integrity:
    """Check all hashes that are listed; PackageError names the files that have another one."""
    found = Integrity()
    listed = [*_of_meta(members, found), *_of_manifest(members, called, found)]
    wanted: dict[str, list[tuple[str, Entry]]] = {}
    for where, entry in listed:
        if "://" in entry.source:
            told = f"'{entry.source}' lies elsewhere and is not fetched"
            found.notes.append(Problem(where, entry.line, told))
        elif entry.source not in members:
            told = f"'{entry.source}' is listed, but not in the archive"
            found.notes.append(Problem(where, entry.line, told))
        elif entry.hash:
            wanted.setdefault(entry.source, []).append((where, entry))
    found.digest = _check_hashes(members, called, wanted)
    return found


def _check_hashes(members: Members, called: str, wanted: dict[str, list[tuple[str, Entry]]]) -> str:
    wrong, hashes = [], {}
    for name in members:
        entries = [(where, entry, _algorithm(entry)) for where, entry in wanted.get(name, ())]
        known = {algorithm for _, _, algorithm in entries if algorithm}
        digests = members.digests(name, {_SHA256, *known})
        hashes[name] = digests[_SHA256]
        for where, entry, algorithm in entries:
            if algorithm and digests[algorithm] != entry.hash.lower():
                told = f"is not what '{where}' lists on line {entry.line}"
                wrong.append(Problem(name, 0, told))
    if wrong:
        raise PackageError(called, sorted(set(wrong)))
    return digest_of_hashes(hashes)


def _algorithm(entry: Entry) -> str | None:
    """The name Python has for an algorithm, however it is spelt: SHA-256, sha256, SHA_512."""
    spelt = _PLAIN_NAME.sub("", entry.algorithm).lower()
    return spelt if spelt in {_PLAIN_NAME.sub("", name).lower() for name in ALGORITHMS} else None


def _of_meta(members: Members, found: Integrity) -> Iterator[tuple[str, Entry]]:
    """Hashes may also stand in TOSCA.meta: a block for a file begins with its name."""
    if META not in members:
        return
    found.read.add(META)
    _, _, blocks = members.read(META).replace(b"\r\n", b"\n").strip(b"\n").partition(b"\n\n")
    named = blocks.replace(b"\nName:", b"\nSource:")
    named = b"Source:" + named[5:] if named.startswith(b"Name:") else named
    if b"Source:" in named:
        for entry in read_listing(META, named)[0].entries:
            yield META, replace(entry, line=0)


def _of_manifest(members: Members, called: str, found: Integrity) -> Iterator[tuple[str, Entry]]:
    meta = read_meta(members.read(META)) if META in members else {}
    name = meta.get("ETSI-Entry-Manifest", "")
    name = name if name in members else next((one for one in members if one.endswith(".mf")), "")
    if not name:
        told = "no manifest: nothing shows that the files are whole"
        found.notes.append(Problem("archive", 0, told))
        return
    found.read.add(name)
    content = members.read(name)
    found.sets, rest = _without_sets(content)
    listing, odd = read_listing(name, rest)
    found.metadata = dict(listing.metadata)
    found.notes += _odd(name, odd, listing.entries)
    _read_signature(members, called, name, content, meta.get("ETSI-Entry-Certificate", ""), found)
    for entry in listing.entries:
        yield name, replace(entry, source=entry.source.removeprefix("./"))


def _odd(name: str, odd: list[Problem], entries: tuple[Entry, ...]) -> Iterator[Problem]:
    """What is odd about a manifest, but for spellings that are understood."""
    understood = {entry.line for entry in entries if _algorithm(entry)}
    bare = {entry.line for entry in entries if not entry.algorithm and not entry.hash}
    yield from (problem for problem in odd if problem.line not in understood | bare)
    if bare:
        told = f"{len(bare)} files are listed without a hash: nothing shows that they are whole"
        yield Problem(name, 0, told if len(bare) > 1 else told.replace("1 files are", "1 file is"))


def _without_sets(content: bytes) -> tuple[list[ArtifactSet], bytes]:
    """The sets of non-MANO artifacts, and the rest of a manifest, in which their lines are empty.

    Comments become empty lines, too.
    """
    sets: dict[str, list[str]] = {}
    lines = content.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    name: str | None = None
    for number, line in enumerate(lines):
        key, value = key_and_value(line.partition(" #")[0]) or ("", "")
        if line.lstrip().startswith("#"):
            lines[number] = ""
        elif key == _SETS:
            name, lines[number] = "", ""
        elif name is None or line.startswith("-----"):
            continue
        elif key.lower() == "source" and name and not _has_hash(lines, number):
            sets.setdefault(name, []).append(value)
            lines[number] = ""
        elif key and not value:
            name, lines[number] = key, ""
        elif key in _OWN_KEYS:
            name = None  # files are listed from here on
        else:
            lines[number] = ""
    found = [ArtifactSet(one, tuple(sources)) for one, sources in sets.items()]
    return found, "\n".join(lines).encode()


def _has_hash(lines: list[str], number: int) -> bool:
    following = next((line for line in lines[number + 1 : number + 4] if line.strip()), "")
    return following.strip().startswith(_OWN_KEYS[1:])


def _read_signature(
    members: Members, called: str, name: str, content: bytes, certificate: str, found: Integrity
) -> None:
    """The signature in a manifest: one that does not hold is refused, one of another kind told."""
    signed, block = signed_part(content)
    if block is None:
        return
    from weft.vnf.csar.signature import read_signature

    file = certificate if certificate in members else f"{name.removesuffix('.mf')}.cert"
    further = members.read(file) if file in members and not members.is_large(file) else None
    found.read.add(file)
    try:
        found.signature = read_signature(block, signed, further, called, name)
    except PackageError as error:
        if "altered" in str(error):
            raise
        found.notes += error.problems
