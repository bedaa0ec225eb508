"""How a package is named: NAME, NAME@VERSION, NAME@SPECIFIER as in nat@~=1.2, or NAME@sha256:HEX."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.errors import PackageNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

    from weft.model.catalogue import PackageFacts

__all__ = ["Reference", "choose", "in_order", "parse_reference"]

_REFERENCE = re.compile(
    r"(?P<name>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)(?:@(?P<wanted>[^\s/@](?:[^/@\n]{0,198}[^\s/@])?))?",
    re.ASCII,
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{8,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name, and what is wanted of the version: a version, a specifier, a digest, or nothing."""

    name: str
    wanted: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.wanted}" if self.wanted else self.name


def parse_reference(text: str) -> Reference | None:
    """The reference in a text; None where it can be none."""
    match = _REFERENCE.fullmatch(text)
    return Reference(match["name"], match["wanted"] or "") if match else None


def choose(reference: Reference, known: Sequence[PackageFacts]) -> PackageFacts:
    """The newest of the packages known that is meant; PackageNotFoundError tells what there is."""
    named = [facts for facts in known if facts.name == reference.name]
    if not named:
        raise PackageNotFoundError(str(reference), sorted({facts.name for facts in known}))
    wanted = reference.wanted
    found = [facts for facts in named if wanted in ("", facts.version)]
    if not found and _DIGEST.fullmatch(wanted):
        found = [facts for facts in named if facts.digest.startswith(wanted)]
    elif not wanted or not found:
        found = _meant(wanted, found or named)
    if not found:
        versions = [f"{facts.name}@{facts.version}" for facts in in_order(named)]
        raise PackageNotFoundError(str(reference), versions)
    return in_order(found)[-1]


def in_order(facts: Sequence[PackageFacts]) -> list[PackageFacts]:
    """By name, and the newest version last; versions that are none of PEP 440 come first."""
    return sorted(facts, key=_key)


def _key(facts: PackageFacts) -> tuple[str, bool, Version | int, str]:
    version = _version(facts.version)
    return (facts.name, version is not None, version if version is not None else 0, facts.version)


def _version(text: str) -> Version | None:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


def _meant(wanted: str, named: Sequence[PackageFacts]) -> list[PackageFacts]:
    """Those that a specifier allows; versions before a release only where nothing else is."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    exact = _version(wanted)
    if exact is not None:
        return [facts for facts in named if _version(facts.version) == exact]
    try:
        allowed = SpecifierSet(wanted)
    except InvalidSpecifier:
        return []
    versions = {facts.version: version for facts in named if (version := _version(facts.version))}
    meant = set(allowed.filter(versions.values()))
    found = [facts for facts in named if versions.get(facts.version) in meant]
    return found or ([] if wanted else list(named))
