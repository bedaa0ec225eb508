"""Packages that are kept: taken in after every check, found by name, and handed out."""

from __future__ import annotations

import io
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import NotRunnableError, PackageError, PackageNotFoundError, UsageError
from weft.manager.catalogue.pieces import LARGE_BYTES
from weft.manager.catalogue.policy import PolicyFolder
from weft.manager.catalogue.references import choose, in_order, parse_reference
from weft.manager.catalogue.store import Store
from weft.model.catalogue import PackageFacts, StorePolicy, TrustedCertificate
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate

    from weft.model.package import Package
    from weft.vnf.csar.signature import Signature
    from weft.vnf.onboarding import Onboarded
    from weft.vnf.source import Source

__all__ = ["StoredPackages", "facts_of", "foreign_facts", "refuse_unrunnable"]

_REASONS = 3


def foreign_facts(onboarded: Onboarded, package: Package | None) -> PackageFacts:
    """What is known about an archive of another maker; `package` is what it becomes, if it can be run."""
    origin = onboarded.origin
    assert origin is not None
    facts = PackageFacts(origin.name, origin.version, origin.digest, runs=package is not None)
    if package is None:
        facts = replace(facts, why_not=_why_not(onboarded))
    else:
        from weft.vnf.source import source_of

        facts = facts_of(package, source_of(onboarded, package.name))
    return replace(
        facts,
        digest=origin.digest,
        provider=facts.provider or origin.provider,
        released=origin.released,
        archive="foreign",
        size_bytes=origin.size_bytes,
        signed_by=origin.signature.signed_by if origin.signature else None,
        descriptor_id=origin.descriptor_id,
        parts=origin.parts,
    )


def _why_not(onboarded: Onboarded) -> str:
    """In a line why nothing of it can be run: what is said of its deployment units comes first."""
    assert onboarded.origin is not None
    units = [part for part in onboarded.origin.parts if part.kind == "deployment unit"]
    reasons = [f"{part.name}: {part.told.partition(';')[0]}" for part in units]
    reasons = reasons or [str(note) for note in onboarded.notes]
    more = f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return "; ".join(reasons[:_REASONS]) + more or "nothing in it says what to run"


def refuse_unrunnable(facts: PackageFacts) -> None:
    """NotRunnableError where a package of another maker is kept of which nothing can be run."""
    if not facts.runs:
        problems = [Problem(part.name, 0, part.told) for part in facts.parts if not part.runs]
        raise NotRunnableError(f"{facts.name}@{facts.version}", problems)


def facts_of(package: Package, source: Source) -> PackageFacts:
    """What is known about a package that was opened."""
    return PackageFacts(
        name=package.name,
        version=package.version,
        digest=package.digest,
        provider=package.provider,
        description=package.description,
        released=package.released,
        labels=dict(package.labels),
        interfaces=package.interfaces,
        components={item.name: item.framework for item in package.components},
        parameters={item.name: item.default for item in package.parameters},
        archive=source.form,
        size_bytes=sum(len(file.content) for file in package.files),
        signed_by=source.signature.signed_by if source.signature else None,
    )


class StoredPackages:
    """The store of a server and the ready functions beside it.

    `data` is the folder of the store and its policy, `ready` that of the functions; `say` is told what
    takes long.
    """

    def __init__(self, data: Path, ready: Path, say: Callable[[str], None]) -> None:
        self._store = Store(data / "packages")
        self._policy = PolicyFolder(data)
        self._ready = ready
        self._tell = say

    def push(self, archive: bytes | BinaryIO, called: str) -> PackageFacts:
        """Keep the package in an archive; PackageError lists why it is refused.

        One that was made for another system is kept as it is, also where nothing of it can be run.
        """
        from weft.vnf.components import checked_package
        from weft.vnf.csar.build import build_csar
        from weft.vnf.source import read_archive, read_foreign

        archive = io.BytesIO(archive) if isinstance(archive, bytes) else archive
        onboarded = read_foreign(archive, called)
        if onboarded is not None:
            return self._push_foreign(archive, onboarded, called)
        source = read_archive(archive, called)
        untrusted = self._check_signature(source.signature, called)
        package = checked_package(source.files, called, self._tell)
        if source.form == "zip":
            archive, source = io.BytesIO(build_csar(package)), replace(source, form="csar")
        facts = replace(facts_of(package, source), untrusted=untrusted, pushed=time.time())
        return self._store.push(facts, archive)

    def _push_foreign(self, archive: BinaryIO, onboarded: Onboarded, called: str) -> PackageFacts:
        from weft.vnf.components import checked_package
        from weft.vnf.onboarding.members import large_parts

        assert onboarded.origin is not None
        untrusted = self._check_signature(onboarded.origin.signature, called)
        runs, files = onboarded.is_runnable, onboarded.files
        package = checked_package(files, called, self._tell) if runs else None
        facts = foreign_facts(onboarded, package)
        facts = replace(facts, untrusted=untrusted, pushed=time.time())
        return self._store.push(facts, archive, large_parts(archive, called, LARGE_BYTES))

    def packages(self) -> list[PackageFacts]:
        """All that are kept, and the ready functions of other names."""
        kept = self._store.packages()
        names = {facts.name for facts in kept}
        return in_order(
            [*kept, *(facts for facts in self._ready_ones() if facts.name not in names)]
        )

    def package(self, reference: str) -> PackageFacts:
        """The newest package that a reference means."""
        wanted = parse_reference(reference)
        if wanted is None:
            raise UsageError(
                f"'{reference}' names no package; allowed: NAME, NAME@VERSION, NAME@SPECIFIER as in "
                "nat@~=1.2, NAME@sha256:HEX"
            )
        kept = self._store.packages()
        if any(facts.name == wanted.name for facts in kept):
            return choose(wanted, kept)
        ready = self._ready_one(wanted.name)
        if ready is not None:
            return choose(wanted, [ready])
        raise PackageNotFoundError(reference, sorted({facts.name for facts in self.packages()}))

    def archive(self, reference: str) -> BinaryIO:
        """The archive of a package, as a file: as it was pushed, or built from a ready function."""
        from weft.vnf.csar.build import build_csar
        from weft.vnf.package import load_package
        from weft.vnf.source import read_archive, read_foreign

        facts = self.package(reference)
        if not facts.is_kept:
            return io.BytesIO(build_csar(load_package(self._ready / facts.name)))
        archive = self._store.archive(facts)
        try:
            if facts.archive != "foreign":
                self._check_signature(read_archive(archive, reference).signature, reference)
            elif self._policy.requires_signature():
                onboarded = read_foreign(archive, reference)
                origin = onboarded.origin if onboarded else None
                self._check_signature(origin.signature if origin else None, reference)
        except BaseException:
            archive.close()
            raise
        archive.seek(0)
        return archive

    def open(self, reference: str) -> Source:
        """The package that a path or a reference means: a path has a `/` in it, or is there."""
        from weft.vnf.source import open_source

        place = Path(reference)
        if "/" in reference or parse_reference(reference) is None or place.exists():
            return open_source(place)
        return self.source(reference)

    def source(self, reference: str) -> Source:
        """The files of a package, checked as they were when it came, its signature included."""
        from weft.vnf.source import open_source, read_archive

        facts = self.package(reference)
        called = f"{facts.name}@{facts.version}"
        if not facts.is_kept:
            return open_source(self._ready / facts.name)
        refuse_unrunnable(facts)
        with self._store.archive(facts) as archive:
            source = read_archive(archive, called)
        self._check_signature(source.signature, called)
        return source

    def remove(self, reference: str) -> PackageFacts:
        """Keep a version no longer; without a version in the reference there must be only one."""
        facts = self.package(reference)
        if not facts.is_kept:
            raise UsageError(
                f"'{facts.name}' is a ready function, which is not in the store and cannot be removed"
            )
        versions = [item for item in self._store.packages() if item.name == facts.name]
        if "@" not in reference and len(versions) > 1:
            named = ", ".join(f"{item.name}@{item.version}" for item in versions)
            raise UsageError(f"'{reference}' has several versions; say which: {named}")
        self._store.remove(facts)
        return facts

    def policy(self) -> StorePolicy:
        """What the store asks of packages."""
        from cryptography.hazmat.primitives.serialization import Encoding

        from weft.vnf.csar.certificates import read_certificates, subject_of

        found = [
            TrustedCertificate(
                name,
                subject_of(one),
                one.not_valid_after_utc.date().isoformat(),
                one.public_bytes(Encoding.PEM).decode(),
            )
            for name, content in self._policy.trusted().items()
            for one in read_certificates(content)
        ]
        return StorePolicy(self._policy.requires_signature(), tuple(found))

    def set_policy(
        self,
        require_signature: bool | None = None,
        trust: tuple[tuple[str, bytes], ...] = (),
        distrust: tuple[str, ...] = (),
    ) -> StorePolicy:
        """Change what the store asks: all changes that are given, after every one of them is checked."""
        from weft.vnf.csar.certificates import read_certificates

        for name, content in trust:
            if not read_certificates(content):
                raise UsageError(f"'{name}' has no certificate; allowed: PEM or DER")
        for name in distrust:
            self._policy.distrust(name)
        for name, content in trust:
            self._policy.trust(name, content)
        if require_signature is not None:
            self._policy.require_signature(require_signature)
        return self.policy()

    def trusted(self) -> list[Certificate]:
        """The certificates that the store trusts."""
        from weft.vnf.csar.certificates import read_certificates

        files = self._policy.trusted().values()
        return [one for content in files for one in read_certificates(content)]

    def _check_signature(self, signature: Signature | None, called: str) -> str | None:
        """Why the signer is not trusted, or None; where the policy asks for one who is, refuse others."""
        required = self._policy.requires_signature()
        if signature is None:
            if required:
                why = "the store takes signed packages only, and this one is not signed"
                raise PackageError(called, [Problem("signature", 0, why)])
            return None
        why_not = signature.why_untrusted(self.trusted())
        if why_not and required:
            raise PackageError(called, [Problem("signature", 0, why_not)])
        return why_not

    def _ready_ones(self) -> list[PackageFacts]:
        names = [path.parent.name for path in sorted(self._ready.glob("*/vnf.yaml"))]
        return [facts for name in names if (facts := self._ready_one(name)) is not None]

    def _ready_one(self, name: str) -> PackageFacts | None:
        """A ready function, by its manifest alone: whether it is right is found when it is used."""
        from weft.vnf.digest import package_digest
        from weft.vnf.manifest import read_manifest
        from weft.vnf.source import open_source

        if not (self._ready / name / "vnf.yaml").is_file():
            return None
        source = open_source(self._ready / name)
        package, _ = read_manifest(source.files)
        if package is None:
            return None
        return facts_of(replace(package, digest=package_digest(source.files)), source)
