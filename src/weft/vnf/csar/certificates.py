"""Certificates: read from files, named for people, and trusted or not (RFC 5280, as far as needed)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

__all__ = ["read_certificates", "subject_of", "why_untrusted"]

_LONGEST_CHAIN = 8
_PEM = b"-----BEGIN CERTIFICATE-----"


def read_certificates(content: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates in a file, PEM or DER; none where it has none."""
    try:
        if _PEM in content:
            return tuple(x509.load_pem_x509_certificates(content))
        return (x509.load_der_x509_certificate(content),)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ()


def subject_of(certificate: x509.Certificate) -> str:
    """Whose it is, as in `CN=Example,O=Org`."""
    try:
        return _printable(certificate.subject.rfc4514_string()) or "(no name)"
    except (ValueError, TypeError):
        return "(no name)"


def why_untrusted(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime.datetime,
) -> str | None:
    """Why a signer is not to be trusted at a time; None where it is.

    A certificate is trusted that is among `trusted`, or that one of those vouches for, through
    `others` or directly.
    """
    why = _why_not_at(signer, now) or _why_may_not_sign(signer)
    if why:
        return why
    if not trusted:
        return f"'{subject_of(signer)}' is not trusted: no certificate is"
    reasons: list[str] = []
    if _is_vouched_for(signer, (*others, *trusted), trusted, now, reasons):
        return None
    about = f"'{subject_of(signer)}', issued by '{_printable(_issuer_of(signer))}', is not trusted"
    return "; ".join([about, *dict.fromkeys(reasons)])


def _is_vouched_for(
    signer: x509.Certificate,
    known: Sequence[x509.Certificate],
    trusted: Sequence[x509.Certificate],
    now: datetime.datetime,
    reasons: list[str],
) -> bool:
    """Whether a chain of issuers leads to one that is trusted; each is looked at once, nearest first."""
    reached = [signer]
    depths = {signer: 0}
    for certificate in reached:
        if certificate in trusted:
            return True
        depth = depths[certificate]
        for issuer in known:
            if depth >= _LONGEST_CHAIN or issuer in depths or not _has_issued(issuer, certificate):
                continue
            why = _why_not_at(issuer, now) or _why_may_not_issue(issuer, depth)
            if why:
                reasons.append(why)
            else:
                depths[issuer] = depth + 1
                reached.append(issuer)
    return False


def _has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _why_not_at(certificate: x509.Certificate, now: datetime.datetime) -> str | None:
    if now > certificate.not_valid_after_utc:
        when = certificate.not_valid_after_utc.date()
        return f"the certificate of '{subject_of(certificate)}' expired on {when}"
    if now < certificate.not_valid_before_utc:
        when = certificate.not_valid_before_utc.date()
        return f"the certificate of '{subject_of(certificate)}' is not valid before {when}"
    return None


def _why_may_not_sign(certificate: x509.Certificate) -> str | None:
    usage = _key_usage(certificate)
    if usage is None or usage.digital_signature or usage.content_commitment:
        return None
    return f"the certificate of '{subject_of(certificate)}' is not for signatures (key usage)"


def _why_may_not_issue(certificate: x509.Certificate, depth: int) -> str | None:
    """An issuer is an authority, for as many certificates below it as it says."""
    usage = _key_usage(certificate)
    try:
        limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        limits = None
    if limits is None or not limits.ca or (usage is not None and not usage.key_cert_sign):
        return f"'{subject_of(certificate)}' may not issue certificates"
    if limits.path_length is not None and depth > limits.path_length:
        return f"'{subject_of(certificate)}' may not have authorities that far below it"
    return None


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _issuer_of(certificate: x509.Certificate) -> str:
    try:
        return certificate.issuer.rfc4514_string()
    except (ValueError, TypeError):
        return "(no name)"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:200]
