"""Archives for tests: a small package, its archive taken apart and put together, keys and certificates."""

from __future__ import annotations

import datetime
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from weft.model.package import PackageFile
from weft.vnf.csar.build import build_csar
from weft.vnf.package import package_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.model.package import Package

    Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

DAY = datetime.timedelta(days=1)
MANIFEST = """\
weft: 1
vnf: wire
version: 1.2.0
provider: Example
license: LICENSE
interfaces: [in, out]
components:
  counter: {framework: click, file: sub/counter.click}
path: |
  in -> counter -> out
  out -> in
parameters:
  limit: {type: integer, default: 5, help: how many}
resources: {cpu: 1.5, memory: 64MiB}
"""
FILES = {
    "vnf.yaml": MANIFEST.encode(),
    "sub/counter.click": b"input -> Counter -> output;",
    "LICENSE": b"Do as you like.\n",
}


def package(files: Mapping[str, bytes] = FILES) -> Package:
    return package_of([PackageFile(name, content) for name, content in files.items()], "wire")


def members(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def packed(contents: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def csar() -> dict[str, bytes]:
    """The members of the archive of the small package."""
    return members(build_csar(package()))


def relisted(contents: dict[str, bytes], name: str) -> dict[str, bytes]:
    """With the hash in the list that a member has now."""
    lines = contents["wire.mf"].decode().split("\n")
    lines[lines.index(f"Source: {name}") + 2] = (
        f"Hash: {hashlib.sha256(contents[name]).hexdigest()}"
    )
    return {**contents, "wire.mf": "\n".join(lines).encode()}


class Person:
    """Someone with a key and a certificate, which someone else or nobody has issued."""

    def __init__(
        self,
        name: str,
        issuer: Person | None = None,
        *,
        key: Key | None = None,
        is_authority: bool = False,
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = DAY,
        may_sign: bool = True,
        path_length: int | None = None,
    ) -> None:
        self.key: Key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=may_sign,
            key_cert_sign=is_authority,
            crl_sign=is_authority,
            content_commitment=False,
            key_encipherment=not may_sign,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(is_authority, path_length), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            )
        )
        self.certificate: x509.Certificate = builder.sign(
            issuer.key if issuer else self.key, hashes.SHA256()
        )

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: bytes | None = None) -> bytes:
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password:
            encryption = serialization.BestAvailableEncryption(password)
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
