"""Work with packages that needs no server: made, checked, built into archives, signed, verified."""

from __future__ import annotations

import io
import os
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from weft.errors import PackageError, UsageError, WeftError
from weft.model.package import PackageFile
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weft.model.catalogue import PackageFacts
    from weft.model.package import Package
    from weft.vnf.csar.signature import Signature
    from weft.vnf.onboarding import Onboarded
    from weft.vnf.source import Source

__all__ = ["PackageWork", "write_whole"]


class PackageWork(ABC):
    """The part of a client that works on packages; where a name leads is another part's business."""

    _say: Callable[[str], None]

    @abstractmethod
    def open_package(self, reference: str) -> Source:
        """The files of a package: at a path, or by a name that the store knows."""

    def package_init(self, name: str, framework: str = "click") -> Path:
        """Make a package in the current folder."""
        from weft.vnf.template import make_package

        return make_package(name, framework)

    def package_check(self, reference: str) -> dict[str, Any]:
        """Check a package, its components' building included, and describe it."""
        from weft.vnf.components import checked_package

        warnings: list[Problem] = []
        files = self.open_package(reference).files
        package = checked_package(files, reference, self._say, warnings)
        return {
            "vnf": package.name,
            "version": package.version,
            "digest": package.digest,
            "interfaces": list(package.interfaces),
            "components": {item.name: item.file or item.framework for item in package.components},
            "parameters": {item.name: item.default for item in package.parameters},
            "files": len(package.files),
            "warnings": [str(warning) for warning in warnings],
        }

    def package_graph(self, reference: str) -> str:
        """Check a package and compile its path."""
        from weft.vnf.forwarder import graph_of

        return graph_of(self._load(reference)[0])

    def package_facts(self, reference: str) -> PackageFacts:
        """What is known about a package that need not be kept."""
        from weft.manager.stored_packages import facts_of, foreign_facts
        from weft.vnf.package import package_of

        onboarded = _foreign(reference)
        if onboarded is None:
            package, source = self._load(reference)
            return facts_of(package, source)
        runs = onboarded.is_runnable
        return foreign_facts(onboarded, package_of(onboarded.files, reference) if runs else None)

    def package_archive(self, reference: str) -> BinaryIO:
        """The archive to push: as it is where it is one, else built."""
        from weft.vnf.csar.build import build_csar
        from weft.vnf.onboarding.foreign import is_foreign_archive

        if Path(reference).is_file():
            archive = _open(reference)
            if is_foreign_archive(archive, reference):
                return archive  # checked by whoever keeps it: that takes long
            archive.close()
        package, source = self._load(reference)
        is_archive = source.form in ("csar", "signed-zip") and Path(reference).is_file()
        return _open(reference) if is_archive else io.BytesIO(build_csar(package))

    def click_header(self, text: str) -> dict[str, str]:
        """The fields of the header that a Click file of Click-on-OSv has."""
        from weft.vnf.onboarding.click_on_osv import header_of

        return header_of(text)

    def archive_members(self, content: bytes, called: str) -> dict[str, bytes]:
        """The files of a zip archive, checked whole, whatever it is for."""
        from weft.vnf.archive import read_members, strip_top_folder

        files = strip_top_folder(read_members(content, called))
        return {file.name: file.content for file in files}

    def package_import(
        self, file: Path, into: Path | None, configuration: bytes | None = None
    ) -> dict[str, Any]:
        """Make a package's folder of a package made elsewhere; nothing is made of one with problems.

        A `configuration` is taken in place of the one in the archive. Where nothing of it can be run a
        folder is made only where one is named, with all files as they are.
        """
        from weft.vnf.onboarding.importing import make_folder, onboard, unpack_archive
        from weft.vnf.package import package_of

        onboarded = onboard(file, configuration)
        report = PackageFile("ONBOARDING.md", onboarded.report.encode())
        if not onboarded.is_runnable:
            place = str(unpack_archive(file, into, report)) if into else ""
            notes = [str(note) for note in onboarded.notes]
            return {"package": place, "runnable": False, "notes": notes}
        warnings: list[Problem] = []
        package = package_of(onboarded.files, str(file), warnings)
        folder = make_folder(into or Path(package.name), (*onboarded.files, report))
        return {
            "package": str(folder),
            "runnable": True,
            "vnf": package.name,
            "version": package.version,
            "interfaces": list(package.interfaces),
            "components": {item.name: item.framework for item in package.components},
            "notes": [str(note) for note in (*onboarded.notes, *warnings)],
        }

    def package_build(self, reference: str, output: str | None = None) -> dict[str, Any]:
        """Check a package and make its archive; what was made."""
        from weft.vnf.csar.build import build_csar, csar_name

        package, _ = self._load(reference)
        path = _target(reference, output, csar_name(package))
        content = build_csar(package)
        write_whole(path, content)
        return _described(path, content, package)

    def package_sign(
        self,
        reference: str,
        key: str,
        certificate: str,
        ask: Callable[[], bytes],
        *,
        whole: bool = False,
        output: str | None = None,
    ) -> dict[str, Any]:
        """Sign a package: its list of files, or as a `whole`; `ask` gives the key's pass phrase."""
        from weft.vnf.csar.build import csar_name
        from weft.vnf.csar.signing import Signer, needs_password

        package, _ = self._load(reference)
        key_bytes, chain = _read(key), _read(certificate)
        signer = Signer(key_bytes, chain, ask() if needs_password(key_bytes) else None)
        name = csar_name(package)
        if whole:
            name, content = f"{name.removesuffix('.csar')}.zip", signer.signed_zip(package)
        else:
            content = signer.csar(package)
        path = _target(reference, output or _in_place(reference, name), name)
        write_whole(path, content)
        return {**_described(path, content, package), "signed_by": signer.name}

    def package_verify(self, path: str, trust: Sequence[str] = ()) -> dict[str, Any]:
        """Check an archive and that someone trusted has signed it; PackageError tells why not.

        Without certificates to `trust` those of the store are.
        """
        from weft.vnf.csar.certificates import read_certificates

        name, digest, signature = self._signed(path)
        if signature is None:
            raise PackageError(path, [Problem("signature", 0, "it is not signed")])
        trusted = [one for name in trust for one in _certificates(name, read_certificates)]
        if not trust:
            trusted = list(self.trusted_certificates())
        why_not = signature.why_untrusted(trusted)
        if why_not:
            raise PackageError(path, [Problem("signature", 0, why_not)])
        return {"package": name, "digest": digest, "signed_by": signature.signed_by}

    def _signed(self, path: str) -> tuple[str, str, Signature | None]:
        """What a package is called, its digest, and its signature."""
        onboarded = _foreign(path)
        if onboarded is not None and onboarded.origin is not None:
            origin = onboarded.origin
            return f"{origin.name}@{origin.version}", origin.digest, origin.signature
        package, source = self._load(path)
        return f"{package.name}@{package.version}", package.digest, source.signature

    def package_schema(self) -> dict[str, Any]:
        """The JSON schema of `vnf.yaml`."""
        from weft.vnf.schema import schema

        return schema()

    @abstractmethod
    def trusted_certificates(self) -> Sequence[Any]:
        """The certificates that the store trusts."""

    def _load(
        self, reference: str, warnings: list[Problem] | None = None
    ) -> tuple[Package, Source]:
        from weft.vnf.package import package_of

        source = self.open_package(reference)
        return package_of(source.files, reference, warnings), source


def _foreign(reference: str) -> Onboarded | None:
    """What becomes of the archive at a path that was made for another system; None for all others."""
    from weft.vnf.source import read_foreign

    if not Path(reference).is_file():
        return None
    with _open(reference) as archive:
        return read_foreign(archive, reference)


def _open(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None


def _described(path: Path, content: bytes, package: Package) -> dict[str, Any]:
    import hashlib

    return {
        "file": str(path),
        "package": f"{package.name}@{package.version}",
        "digest": package.digest,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _in_place(reference: str, name: str) -> str | None:
    """An archive that is signed takes its own place, where its kind stays the same."""
    place = Path(reference)
    return reference if place.is_file() and place.suffix == Path(name).suffix else None


def _target(reference: str, output: str | None, name: str) -> Path:
    """Where to write; not into the package itself, of which the archive would become a part."""
    path = Path(output) if output is not None else Path(name)
    if path.is_dir():
        path = path / name
    source = Path(reference)
    if source.is_dir() and path.resolve().is_relative_to(source.resolve()):
        raise UsageError(
            f"'{path}' lies in the package itself, and would become a part of it",
            hint=f"choose another place: -o {source.resolve().parent / name}",
        )
    return path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once or not at all."""
    temporary = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WeftError(f"cannot write '{path}': {error.strerror}") from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None


def _certificates(path: str, read: Callable[[bytes], Sequence[Any]]) -> Sequence[Any]:
    found = read(_read(path))
    if not found:
        raise UsageError(f"--trust {path}: no certificate in it; allowed: PEM or DER")
    return found
