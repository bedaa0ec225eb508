"""The token and the certificate of a listener on the network."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, GeneralName

__all__ = ["fingerprint", "read_token", "self_signed", "tls_context"]

_SHORTEST = 16
_DAYS = 825
_DAYS_LEFT = 30


def read_token(path: str) -> str:
    """The token in a file that only its owner may read."""
    try:
        mode = Path(path).stat().st_mode
        token = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--token-file {path}: cannot be read: {error}") from None
    if mode & 0o077:
        raise UsageError(
            f"--token-file {path}: others may read it", hint=f"protect it: chmod 600 {path}"
        )
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            f"--token-file {path}: no good token; allowed: {_SHORTEST} ASCII characters or more, "
            "without blanks",
            hint=f"make one: head -c 24 /dev/urandom | base64 > {path}",
        )
    return token


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """What a listener encrypts with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for option, path in (("--tls-cert", certificate), ("--tls-key", key)):
        try:
            Path(path).read_bytes()
        except OSError as error:
            raise UsageError(f"{option} {path}: cannot be read: {error.strerror}") from None
    try:
        context.load_cert_chain(certificate, key, password=_no_pass_phrase)
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UsageError(
            f"--tls-cert {certificate}: it cannot be used with --tls-key {key}: {error}",
            hint="give a certificate and its key, both in PEM",
        ) from None
    return context


def _no_pass_phrase() -> str:
    raise ValueError("the key has a pass phrase")


def fingerprint(certificate: str) -> str:
    """SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` shows it."""
    der = ssl.PEM_cert_to_DER_cert(_first(Path(certificate).read_text()))
    return hashlib.sha256(der).digest().hex(":").upper()


def _first(pem: str) -> str:
    end = "-----END CERTIFICATE-----"
    start = pem.index("-----BEGIN CERTIFICATE-----")
    return pem[start : pem.index(end, start) + len(end)] + "\n"


def self_signed(folder: Path, host: str) -> tuple[str, str]:
    """A certificate of our own and its key, kept in a folder for as long as they are good."""
    certificate, key = folder / "api.crt", folder / "api.key"
    if not _is_good(certificate, key, host):
        _make(certificate, key, host)
    return str(certificate), str(key)


def _is_good(certificate: Path, key: Path, host: str) -> bool:
    from cryptography import x509

    try:
        known = x509.load_pem_x509_certificate(certificate.read_bytes())
        key.read_bytes()
    except (OSError, ValueError):
        return False
    left = known.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return left > datetime.timedelta(days=_DAYS_LEFT) and _names(host) <= _names_in(known)


def _names_in(certificate: Certificate) -> set[GeneralName]:
    from cryptography import x509

    try:
        kind = x509.SubjectAlternativeName
        return set(certificate.extensions.get_extension_for_class(kind).value)
    except x509.ExtensionNotFound:
        return set()


def _names(host: str) -> set[GeneralName]:
    from cryptography import x509

    found: set[GeneralName] = {x509.DNSName("localhost"), x509.DNSName(socket.gethostname())}
    try:
        found.add(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        found.add(x509.DNSName(host))
    return found


def _make(certificate: Path, key: Path, host: str) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, socket.gethostname()[:64])])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(x509.SubjectAlternativeName(sorted(_names(host), key=str)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    secret = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write(key, secret, 0o600)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)
