"""Signatures in the Cryptographic Message Syntax (CMS, RFC 5652): whose they are, and whether they hold."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from asn1crypto import cms, pem
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CmsError", "Verified", "verify_detached"]

_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_LEAST_RSA_BITS = 2048
_BLOCK_BYTES = 2**20
# Chains are short, and each signer has the whole content hashed.
_MOST_CERTIFICATES = 32
_MOST_SIGNERS = 4
# All that libraries raise on bytes that are none of what they should be.
_UNREADABLE = (
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError),
    *(RecursionError, UnsupportedAlgorithm),
)


class CmsError(Exception):
    """Why a signature does not hold."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A signature that holds: the certificate of its signer, and those that came with it."""

    signer: x509.Certificate
    others: tuple[x509.Certificate, ...]


def verify_detached(
    signature: bytes, content: bytes | BinaryIO, further: Sequence[x509.Certificate] = ()
) -> Verified:
    """Check a signature, PEM or DER, of `content`; CmsError tells why it does not hold.

    A stream is read from its beginning, block by block, by each signer.

    `further` are certificates that came in files of their own. Trust is asked elsewhere.
    """
    try:
        data = _signed_data(signature)
        certificates = [*_certificates(data), *further]
        if len(certificates) > _MOST_CERTIFICATES or len(data["signer_infos"]) > _MOST_SIGNERS:
            most = f"{_MOST_CERTIFICATES} certificates, {_MOST_SIGNERS} signers"
            raise CmsError(f"has too many certificates or signers; allowed: {most}")
        signers = [_verify_one(info, content, certificates) for info in data["signer_infos"]]
    except _UNREADABLE as error:
        first = (str(error).splitlines() or [""])[0][:120]
        raise CmsError(f"is not CMS: {first or type(error).__name__}") from None
    if not signers:
        raise CmsError("names no signer")
    others = tuple(item for item in certificates if item != signers[0])
    return Verified(signers[0], others)


def _signed_data(signature: bytes) -> Any:
    if pem.detect(signature):
        _, _, signature = pem.unarmor(signature)
    info = cms.ContentInfo.load(signature, strict=True)
    if info["content_type"].native != "signed_data":
        raise CmsError(f"is no signature, but {info['content_type'].native}")
    data = info["content"]
    if data["encap_content_info"]["content"].native is not None:
        raise CmsError("has its content inside; allowed: a detached one")
    return data


def _certificates(data: Any) -> list[x509.Certificate]:
    given = data["certificates"]
    found = given if given.native is not None else []
    return [
        x509.load_der_x509_certificate(item.chosen.dump())
        for item in found
        if item.name == "certificate"
    ]


def _verify_one(
    info: Any, content: bytes | BinaryIO, certificates: Sequence[x509.Certificate]
) -> x509.Certificate:
    """Check what one signer signed; the certificate whose key it was."""
    signer = _signer(info["sid"], certificates)
    name = info["digest_algorithm"]["algorithm"].native
    if name not in _HASHES:
        raise CmsError(f"uses {name}; allowed: {', '.join(_HASHES)}")
    algorithm = _HASHES[name]()
    attributes = info["signed_attrs"]
    digest = _digest(content, algorithm)
    if attributes.native is not None:
        _check_attributes(attributes, digest)
        digest = _digest(attributes.untag().dump(force=True), algorithm)
    _check_key(signer, info, digest, algorithm)
    return signer


def _digest(content: bytes | BinaryIO, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    if isinstance(content, bytes):
        digest.update(content)
    else:
        content.seek(0)
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.finalize()


def _signer(sid: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        if sid.name == "issuer_and_serial_number":
            issuer = sid.chosen["issuer"].dump()
            serial = sid.chosen["serial_number"].native
            if (certificate.issuer.public_bytes(), certificate.serial_number) == (issuer, serial):
                return certificate
        elif sid.chosen.native == _key_id(certificate):
            return certificate
    raise CmsError("comes without the certificate of its signer")


def _key_id(certificate: x509.Certificate) -> bytes | None:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return found.value.digest


def _check_attributes(attributes: Any, digest: bytes) -> None:
    """Signed attributes name the content's digest; the signature is of them."""
    given = {item["type"].native: item["values"] for item in attributes}
    if "message_digest" not in given or "content_type" not in given:
        raise CmsError("lacks the digest of what it signs")
    if not hmac.compare_digest(given["message_digest"][0].native, digest):
        raise CmsError("is of something else: the content was altered after it was signed")


def _check_key(
    signer: x509.Certificate, info: Any, digest: bytes, algorithm: hashes.HashAlgorithm
) -> None:
    key = signer.public_key()
    signature, hashed = info["signature"].native, Prehashed(algorithm)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if key.key_size < _LEAST_RSA_BITS:
                least = f"at least {_LEAST_RSA_BITS}"
                raise CmsError(f"is by an RSA key of {key.key_size} bits; allowed: {least}")
            key.verify(signature, digest, _padding(info["signature_algorithm"]), hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(hashed))
        else:
            raise CmsError(f"is by a key of type {type(key).__name__}; allowed: RSA, ECDSA")
    except InvalidSignature:
        raise CmsError(
            "was not made with the key of its certificate, or the content was altered"
        ) from None


def _padding(algorithm: Any) -> padding.AsymmetricPadding:
    if algorithm["algorithm"].native != "rsassa_pss":
        return padding.PKCS1v15()
    parameters = algorithm["parameters"]
    name = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
    if name not in _HASHES:
        raise CmsError(f"uses {name}; allowed: {', '.join(_HASHES)}")
    return padding.PSS(padding.MGF1(_HASHES[name]()), parameters["salt_length"].native)
