"""Signatures of archives, read: in the list of files (SOL004 option 1) or beside the archive (option 2)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageError
from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

    from weft.model.package import PackageFile

__all__ = ["Signature", "SignedZip", "is_signed_zip", "read_signature", "read_signed_zip"]

_CERTIFICATES = (".cert", ".crt", ".pem")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds; whether its signer is trusted is another question."""

    signer: Certificate
    others: tuple[Certificate, ...]

    @property
    def signed_by(self) -> str:
        """The signer's name."""
        from weft.vnf.csar.certificates import subject_of

        return subject_of(self.signer)

    def why_untrusted(self, trusted: Sequence[Certificate]) -> str | None:
        """Why the signer is not to be trusted just now; None where it is."""
        from weft.vnf.csar.certificates import why_untrusted

        return why_untrusted(self.signer, self.others, trusted, datetime.datetime.now(datetime.UTC))


@dataclass(frozen=True, slots=True)
class SignedZip:
    """The members of a zip after option 2."""

    csar: PackageFile
    signature: bytes
    certificate: bytes | None


def is_signed_zip(members: Sequence[PackageFile]) -> bool:
    """Whether these are an archive and its signature, each at the top."""
    suffixes = {PurePosixPath(member.name).suffix for member in members}
    return {".csar", ".cms"} <= suffixes and not any("/" in member.name for member in members)


def read_signed_zip(members: Sequence[PackageFile], called: str) -> SignedZip:
    """The archive and its signature; PackageError where there is anything besides."""
    kinds: dict[str, list[PackageFile]] = {"csar": [], "cms": [], "certificate": []}
    problems = []
    for member in members:
        suffix = PurePosixPath(member.name).suffix
        kind = "certificate" if suffix in _CERTIFICATES else suffix.removeprefix(".")
        if kind not in kinds:
            allowed = "a .csar, its .cms, a .cert"
            problems.append(Problem(member.name, 0, f"does not belong here; allowed: {allowed}"))
        elif kinds[kind]:
            other = kinds[kind][0].name
            problems.append(Problem(member.name, 0, f"is one too many beside '{other}'"))
        else:
            kinds[kind].append(member)
    if problems:
        raise PackageError(called, problems)
    certificate = kinds["certificate"]
    content = certificate[0].content if certificate else None
    return SignedZip(kinds["csar"][0], kinds["cms"][0].content, content)


def read_signature(
    block: bytes, content: bytes | BinaryIO, certificate: bytes | None, called: str, file: str
) -> Signature:
    """Check a signature of `content`, which is of `file`; PackageError tells why it does not hold."""
    from weft.vnf.csar.certificates import read_certificates  # heavy: only for what is signed
    from weft.vnf.csar.cms import CmsError, verify_detached

    further = read_certificates(certificate) if certificate is not None else ()
    try:
        verified = verify_detached(block, content, further)
    except CmsError as error:
        raise PackageError(called, [Problem(file, 0, f"signature: it {error}")]) from None
    return Signature(verified.signer, verified.others)
