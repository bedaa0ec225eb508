"""Signed archives: who signed them, what is refused, and that other tools agree."""

from __future__ import annotations

import contextlib
import datetime
import random
import subprocess
from typing import TYPE_CHECKING

import pytest
from asn1crypto import pem
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.unit.vnf.csar.archives import DAY, FILES, Person, members, package, packed
from weft.errors import PackageError, UsageError, WeftError
from weft.vnf.csar.certificates import read_certificates
from weft.vnf.csar.mf import signed_part
from weft.vnf.csar.signing import Signer, needs_password
from weft.vnf.source import read_archive

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.vnf.csar.archives import Key

NAME = "wire-1.2.0"
AUTHORITY = Person("Authority", is_authority=True)
ANN = Person("Ann", AUTHORITY)
EVE = Person("Eve")


def signer(person: Person, *chain: Person) -> Signer:
    return Signer(person.key_pem(), b"".join(one.pem for one in (person, *chain)))


def problems_of(archive: bytes) -> list[str]:
    with pytest.raises(PackageError) as caught:
        read_archive(archive, "wire.csar")
    return [str(problem) for problem in caught.value.problems]


def verdict(archive: bytes, *trusted: Person) -> str | None:
    """Why the signer is not trusted, or None."""
    signature = read_archive(archive, "wire.csar").signature
    assert signature is not None
    return signature.why_untrusted([person.certificate for person in trusted])


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
    ],
    ids=["rsa", "p256", "p384"],
)
def test_both_options_with_any_key(key: Key) -> None:
    person = Person("Ann", AUTHORITY, key=key)
    for archive in (signer(person).csar(package()), signer(person).signed_zip(package())):
        source = read_archive(archive, "wire.csar")
        assert {file.name: file.content for file in source.files} == FILES
        assert source.signature is not None
        assert source.signature.signed_by == "CN=Ann"
        assert verdict(archive, AUTHORITY) is None


def test_a_signed_list_and_its_certificate_are_in_the_archive() -> None:
    contents = members(signer(ANN).csar(package()))
    assert contents["wire.cert"] == ANN.pem
    assert b"ETSI-Entry-Certificate: wire.cert\n" in contents["TOSCA-Metadata/TOSCA.meta"]
    listing, block = signed_part(contents["wire.mf"])
    assert listing.endswith(b"\n")
    assert block is not None
    assert block.startswith(b"-----BEGIN CMS-----\n")
    assert block.endswith(b"-----END CMS-----\n")


def test_an_archive_signed_as_a_whole_lies_in_a_zip() -> None:
    contents = members(signer(ANN).signed_zip(package()))
    assert list(contents) == [f"{NAME}.csar", f"{NAME}.cms", f"{NAME}.cert"]


@pytest.mark.parametrize("is_whole", [False, True])
def test_openssl_agrees_about_a_signature(tmp_path: Path, is_whole: bool) -> None:
    if is_whole:
        contents = members(signer(ANN).signed_zip(package()))
        signed, block = contents[f"{NAME}.csar"], contents[f"{NAME}.cms"]
    else:
        listing = members(signer(ANN).csar(package()))["wire.mf"]
        signed, found = signed_part(listing)
        assert found is not None
        block = found
    for name, content in (("signed", signed), ("block", block), ("ca.pem", AUTHORITY.pem)):
        (tmp_path / name).write_bytes(content)
    command = "openssl cms -verify -binary -inform PEM -in block -content signed -CAfile ca.pem"
    arguments = [*command.split(), "-purpose", "any", "-out", "out"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "out").read_bytes()) == (0, signed), done.stderr


@pytest.mark.parametrize("options", ["", "-noattr", "-keyid", "-md sha512", "-nocerts"])
def test_signatures_of_openssl_hold(tmp_path: Path, options: str) -> None:
    contents = members(signer(ANN).csar(package()))
    signed, _ = signed_part(contents["wire.mf"])
    for name, content in (("signed", signed), ("key", ANN.key_pem()), ("cert", ANN.pem)):
        (tmp_path / name).write_bytes(content)
    command = f"openssl cms -sign -binary -in signed -signer cert -inkey key -outform PEM {options}"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    archive = packed({**contents, "wire.mf": signed + done.stdout})
    assert verdict(archive, AUTHORITY) is None


def test_rsa_pss_holds(tmp_path: Path) -> None:
    person = Person("Ann", AUTHORITY, key=rsa.generate_private_key(65537, 2048))
    contents = members(signer(person).csar(package()))
    signed, _ = signed_part(contents["wire.mf"])
    for name, content in (("signed", signed), ("key", person.key_pem()), ("cert", person.pem)):
        (tmp_path / name).write_bytes(content)
    command = "openssl cms -sign -binary -in signed -signer cert -inkey key -outform PEM"
    padding = ["-keyopt", "rsa_padding_mode:pss"]
    done = subprocess.run(
        [*command.split(), *padding], cwd=tmp_path, capture_output=True, check=True
    )
    assert verdict(packed({**contents, "wire.mf": signed + done.stdout}), AUTHORITY) is None


def test_contents_altered_after_signing_are_refused() -> None:
    contents = members(signer(ANN).csar(package()))
    contents["wire.mf"] = contents["wire.mf"].replace(b"vnfm_info: 0:weft", b"vnfm_info: 0:else")
    assert problems_of(packed(contents)) == [
        "wire.mf: signature: it is of something else: the content was altered after it was signed"
    ]


def test_an_archive_altered_after_it_was_signed_as_a_whole_is_refused() -> None:
    contents = members(signer(ANN).signed_zip(package()))
    other = members(signer(ANN).signed_zip(package({**FILES, "LICENSE": b"Mine.\n"})))
    mixed = {**contents, f"{NAME}.csar": other[f"{NAME}.csar"]}
    assert problems_of(packed(mixed)) == [
        f"{NAME}.csar: signature: it is of something else: the content was altered after it was "
        "signed"
    ]


def test_a_signature_of_another_key_than_its_certificate_is_refused() -> None:
    impostor = Person("Ann", AUTHORITY)
    contents = members(signer(ANN).signed_zip(package()))
    forged = Signer(impostor.key_pem(), impostor.pem)
    forged._certificate = ANN.certificate  # the key is another's
    contents[f"{NAME}.cms"] = members(forged.signed_zip(package()))[f"{NAME}.cms"]
    assert problems_of(packed(contents)) == [
        f"{NAME}.csar: signature: it was not made with the key of its certificate, or the content "
        "was altered"
    ]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (b"", "is not CMS: "),
        (b"-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n", "is not CMS: "),
        (b"\x30\x80", "is not CMS: "),
        (b"0" * 100_000, "is not CMS: "),
    ],
)
def test_what_is_no_signature_is_refused(block: bytes, problem: str) -> None:
    contents = {**members(signer(ANN).signed_zip(package())), f"{NAME}.cms": block}
    [found] = problems_of(packed(contents))
    assert found.startswith(f"{NAME}.csar: signature: it {problem}")


def test_whatever_a_signature_is_made_of_only_our_errors_come_of_it() -> None:
    source = random.Random(5652)
    contents = members(signer(ANN).signed_zip(package()))
    _, _, whole = pem.unarmor(contents[f"{NAME}.cms"])
    for _ in range(500):
        block = bytearray(whole)
        for _ in range(source.randint(1, 6)):
            at = source.randrange(len(block))
            block[at : at + source.randint(0, 3)] = source.randbytes(source.randint(0, 3))
        with contextlib.suppress(WeftError):
            archive = packed({**contents, f"{NAME}.cms": bytes(block)})
            assert verdict(archive, EVE) is not None


def test_a_signature_without_its_certificate_is_refused(tmp_path: Path) -> None:
    contents = members(signer(ANN).csar(package()))
    signed, _ = signed_part(contents["wire.mf"])
    for name, content in (("signed", signed), ("key", ANN.key_pem()), ("cert", ANN.pem)):
        (tmp_path / name).write_bytes(content)
    command = "openssl cms -sign -binary -in signed -signer cert -inkey key -outform PEM -nocerts"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    archive = {**contents, "wire.mf": signed + done.stdout, "wire.cert": EVE.pem}
    assert problems_of(packed(archive)) == [
        "wire.mf: signature: it comes without the certificate of its signer"
    ]


def test_weak_hashes_are_refused(tmp_path: Path) -> None:
    contents = members(signer(ANN).csar(package()))
    signed, _ = signed_part(contents["wire.mf"])
    for name, content in (("signed", signed), ("key", ANN.key_pem()), ("cert", ANN.pem)):
        (tmp_path / name).write_bytes(content)
    command = "openssl cms -sign -binary -in signed -signer cert -inkey key -outform PEM -md sha1"
    done = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, check=True)
    assert problems_of(packed({**contents, "wire.mf": signed + done.stdout})) == [
        "wire.mf: signature: it uses sha1; allowed: sha256, sha384, sha512"
    ]


def test_files_that_do_not_belong_beside_a_signed_archive_are_refused() -> None:
    contents = members(signer(ANN).signed_zip(package()))
    extra = {**contents, "note.txt": b"", "other.csar": b""}
    assert problems_of(packed(extra)) == [
        "note.txt: does not belong here; allowed: a .csar, its .cms, a .cert",
        f"other.csar: is one too many beside '{NAME}.csar'",
    ]


def test_whom_nobody_vouches_for_is_not_trusted() -> None:
    archive = signer(EVE).csar(package())
    assert verdict(archive) == "'CN=Eve' is not trusted: no certificate is"
    assert verdict(archive, AUTHORITY) == "'CN=Eve', issued by 'CN=Eve', is not trusted"
    assert verdict(archive, EVE) is None


def test_an_authority_between_may_come_with_the_signature() -> None:
    between = Person("Between", AUTHORITY, is_authority=True)
    person = Person("Ann", between)
    assert verdict(signer(person, between).csar(package()), AUTHORITY) is None
    assert verdict(signer(person).csar(package()), AUTHORITY) == (
        "'CN=Ann', issued by 'CN=Between', is not trusted"
    )


def test_who_is_no_authority_cannot_vouch() -> None:
    person = Person("Mallory", ANN)
    assert verdict(signer(person, ANN).csar(package()), AUTHORITY) == (
        "'CN=Mallory', issued by 'CN=Ann', is not trusted; 'CN=Ann' may not issue certificates"
    )


def test_an_authority_of_the_same_name_is_another() -> None:
    other = Person("Authority", is_authority=True)
    assert verdict(signer(ANN).csar(package()), other) == (
        "'CN=Ann', issued by 'CN=Authority', is not trusted"
    )


def test_certificates_are_trusted_in_their_time_alone() -> None:
    archive = signer(ANN).csar(package())
    source = read_archive(archive, "wire.csar")
    assert source.signature is not None
    from weft.vnf.csar.certificates import why_untrusted

    now = datetime.datetime.now(datetime.UTC)
    trusted = [AUTHORITY.certificate]
    late = why_untrusted(ANN.certificate, (), trusted, now + 2 * DAY)
    day = ANN.certificate.not_valid_after_utc.date()
    assert late == f"the certificate of 'CN=Ann' expired on {day}"
    early = why_untrusted(ANN.certificate, (), trusted, now - 2 * DAY)
    day = ANN.certificate.not_valid_before_utc.date()
    assert early == f"the certificate of 'CN=Ann' is not valid before {day}"


def test_authorities_that_vouch_for_one_another_are_followed_once() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    ring = [Person("Ring", key=key, is_authority=True) for _ in range(28)]
    person = Person("Ann", ring[0])
    archive = signer(person, *ring).csar(package())
    assert verdict(archive, AUTHORITY) == "'CN=Ann', issued by 'CN=Ring', is not trusted"
    assert verdict(archive, ring[27]) is None


def test_a_crowd_of_certificates_is_refused() -> None:
    crowd = [Person(f"Person {number}") for number in range(33)]
    assert problems_of(signer(ANN, *crowd).csar(package())) == [
        "wire.mf: signature: it has too many certificates or signers; allowed: 32 certificates, "
        "4 signers"
    ]


def test_an_authority_vouches_as_far_down_as_it_says() -> None:
    top = Person("Top", is_authority=True, path_length=0)
    between = Person("Between", top, is_authority=True)
    person = Person("Ann", between)
    assert verdict(signer(person, between).csar(package()), top) == (
        "'CN=Ann', issued by 'CN=Between', is not trusted; 'CN=Top' may not have authorities that "
        "far below it"
    )
    assert verdict(signer(Person("Bob", top)).csar(package()), top) is None


def test_an_expired_authority_cannot_vouch() -> None:
    old = Person("Old", is_authority=True, begins=-3 * DAY, ends=-DAY)
    person = Person("Ann", old)
    day = old.certificate.not_valid_after_utc.date()
    assert verdict(signer(person).csar(package()), old) == (
        f"'CN=Ann', issued by 'CN=Old', is not trusted; the certificate of 'CN=Old' expired on {day}"
    )


def test_a_certificate_for_other_things_cannot_sign() -> None:
    person = Person("Ann", AUTHORITY, may_sign=False)
    assert verdict(signer(person).csar(package()), AUTHORITY) == (
        "the certificate of 'CN=Ann' is not for signatures (key usage)"
    )


def test_a_key_needs_its_own_certificate_in_its_time() -> None:
    with pytest.raises(UsageError, match="the key is not that of the certificate of 'CN=Eve'"):
        Signer(ANN.key_pem(), EVE.pem)
    with pytest.raises(UsageError, match="the certificate is not readable"):
        Signer(ANN.key_pem(), b"?")
    with pytest.raises(UsageError, match="the key is no private key in PEM"):
        Signer(b"?", ANN.pem)
    old = Person("Old", begins=-3 * DAY, ends=-DAY)
    with pytest.raises(UsageError, match="the certificate of 'CN=Old' expired on "):
        signer(old)


def test_a_key_with_a_pass_phrase_opens_with_it_alone() -> None:
    locked = ANN.key_pem(b"open sesame")
    assert needs_password(locked)
    assert not needs_password(ANN.key_pem())
    assert Signer(locked, ANN.pem, b"open sesame").name == "CN=Ann"
    with pytest.raises(UsageError, match="the key needs its pass phrase"):
        Signer(locked, ANN.pem)
    with pytest.raises(UsageError, match="the pass phrase is wrong, or it is no key in PEM"):
        Signer(locked, ANN.pem, b"wrong")


def test_small_and_unusual_keys_are_refused() -> None:
    small = Person("Small", key=rsa.generate_private_key(65537, 1024))
    with pytest.raises(UsageError, match="the RSA key has 1024 bits; allowed: at least 2048"):
        signer(small)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(UsageError, match="a key of type Ed25519PrivateKey cannot sign"):
        Signer(key, ANN.pem)


def test_certificates_are_read_in_pem_and_der_and_several_at_once() -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    der = ANN.certificate.public_bytes(Encoding.DER)
    assert read_certificates(der) == (ANN.certificate,)
    assert read_certificates(ANN.pem + EVE.pem) == (ANN.certificate, EVE.certificate)
    assert read_certificates(b"-----BEGIN CERTIFICATE-----\n?") == ()
