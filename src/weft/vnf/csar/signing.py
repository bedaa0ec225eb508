"""Signing a package: the list in its archive (SOL004 option 1), or the archive as a whole (option 2)."""

from __future__ import annotations

import base64
import datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

from weft.errors import UsageError
from weft.model.package import PackageFile
from weft.vnf.csar.build import build_csar, csar_name
from weft.vnf.csar.certificates import read_certificates, subject_of
from weft.vnf.csar.writing import zip_bytes

if TYPE_CHECKING:
    from weft.model.package import Package

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

__all__ = ["Signer", "needs_password"]

_LEAST_RSA_BITS = 2048
_LINE = 64


def needs_password(key: bytes) -> bool:
    """Whether a key is there in a form that only a pass phrase opens."""
    try:
        serialization.load_pem_private_key(key, None)
    except TypeError:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return False


class Signer:
    """A private key with its certificate, and those that vouch for it."""

    def __init__(self, key: bytes, certificate: bytes, password: bytes | None = None) -> None:
        """Both are PEM; UsageError where they are not, or do not belong together."""
        self._key = _key_of(key, password)
        chain = read_certificates(certificate)
        if not chain:
            raise UsageError(
                "the certificate is not readable; allowed: a certificate in PEM or DER"
            )
        own = [item for item in chain if item.public_key() == self._key.public_key()]
        if not own:
            raise UsageError(
                f"the key is not that of the certificate of '{subject_of(chain[0])}'",
                hint="give the certificate that was issued for this key",
            )
        self._certificate = own[0]
        self._others = [item for item in chain if item != own[0]]
        if own[0].not_valid_after_utc < datetime.datetime.now(datetime.UTC):
            when = own[0].not_valid_after_utc.date()
            raise UsageError(f"the certificate of '{self.name}' expired on {when}")

    @property
    def name(self) -> str:
        """Whose certificate it is."""
        return subject_of(self._certificate)

    def csar(self, package: Package) -> bytes:
        """The archive of a package with the signature in it."""
        return build_csar(package, lambda listing: (self._block(listing), self._pem()))

    def signed_zip(self, package: Package) -> bytes:
        """A zip of the archive of a package, its signature, and the certificate."""
        csar = build_csar(package)
        name = csar_name(package)
        stem = name.removesuffix(".csar")
        return zip_bytes(
            [
                PackageFile(name, csar),
                PackageFile(f"{stem}.cms", self._block(csar)),
                PackageFile(f"{stem}.cert", self._pem()),
            ]
        )

    def _pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def _block(self, content: bytes) -> bytes:
        """A detached signature of `content`, armoured."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self._certificate, self._key, hashes.SHA256())
        for other in self._others:
            builder = builder.add_certificate(other)
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        text = base64.b64encode(builder.sign(serialization.Encoding.DER, options)).decode()
        lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
        return "\n".join(["-----BEGIN CMS-----", *lines, "-----END CMS-----", ""]).encode()


def _key_of(key: bytes, password: bytes | None) -> Key:
    try:
        loaded = serialization.load_pem_private_key(key, password)
    except TypeError:
        if password is not None:
            return _key_of(key, None)
        raise UsageError(
            "the key needs its pass phrase", hint="give it with --password-file FILE"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        what = "cannot be opened: the pass phrase is wrong, or it is no key in PEM"
        raise UsageError(
            f"the key {what if password is not None else 'is no private key in PEM'}"
        ) from None
    if isinstance(loaded, rsa.RSAPrivateKey):
        if loaded.key_size < _LEAST_RSA_BITS:
            least = f"at least {_LEAST_RSA_BITS}"
            raise UsageError(f"the RSA key has {loaded.key_size} bits; allowed: {least}")
        return loaded
    if isinstance(loaded, ec.EllipticCurvePrivateKey):
        return loaded
    raise UsageError(f"a key of type {type(loaded).__name__} cannot sign; allowed: RSA, ECDSA")
