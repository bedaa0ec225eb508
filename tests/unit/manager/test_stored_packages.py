"""Packages that are kept: every check before, found by name after."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.vnf.csar.archives import DAY, FILES, Person, package, packed
from weft.errors import PackageError, PackageNotFoundError, UsageError, WeftError
from weft.manager.stored_packages import StoredPackages
from weft.model.catalogue import TrustedCertificate
from weft.vnf.csar.build import build_csar
from weft.vnf.csar.signing import Signer

AUTHORITY = Person("Authority", is_authority=True, ends=2 * DAY)
ANN = Person("Ann", AUTHORITY)


@pytest.fixture
def store(tmp_path: Path) -> StoredPackages:
    return StoredPackages(tmp_path / "data", tmp_path / "ready", lambda _line: None)


def signed(person: Person) -> bytes:
    return Signer(person.key_pem(), person.pem).csar(package())


def version(text: str) -> bytes:
    manifest = FILES["vnf.yaml"].replace(b"1.2.0", text.encode())
    return build_csar(package({**FILES, "vnf.yaml": manifest}))


def test_a_package_is_kept_with_its_facts(store: StoredPackages) -> None:
    facts = store.push(build_csar(package()), "wire.csar")
    assert store.package("wire") == facts
    assert (facts.name, facts.version, facts.provider) == ("wire", "1.2.0", "Example")
    assert (facts.components, facts.parameters) == ({"counter": "click"}, {"limit": "5"})
    assert (facts.digest, facts.archive, facts.signed_by) == (package().digest, "csar", None)
    assert {file.name: file.content for file in store.source("wire@~=1.0").files} == FILES


def test_a_zip_is_kept_as_an_archive(store: StoredPackages) -> None:
    facts = store.push(packed(FILES), "wire.zip")
    assert (facts.archive, store.archive("wire").read()) == ("csar", build_csar(package()))


def test_a_package_with_problems_is_not_kept(store: StoredPackages, tmp_path: Path) -> None:
    broken = packed({**FILES, "sub/counter.click": b"input -> Nowhere -> output;"})
    with pytest.raises(PackageError, match="undeclared element 'Nowhere'"):
        store.push(broken, "wire.zip")
    assert not (tmp_path / "data").exists()


def test_several_versions_are_kept_and_removed_one_by_one(store: StoredPackages) -> None:
    for text in ("1.0.0", "1.1.0", "2.0.0"):
        store.push(version(text), text)
    assert [facts.version for facts in store.packages()] == ["1.0.0", "1.1.0", "2.0.0"]
    assert store.package("wire").version == "2.0.0"
    message = "'wire' has several versions; say which: wire@1.0.0, wire@1.1.0, wire@2.0.0"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        store.remove("wire")
    assert store.remove("wire@<2").version == "1.1.0"
    assert [facts.version for facts in store.packages()] == ["1.0.0", "2.0.0"]


def test_ready_functions_have_names_too(store: StoredPackages, tmp_path: Path) -> None:
    for name, content in FILES.items():
        path = tmp_path / "ready" / "wire" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "ready" / "broken").mkdir()
    (tmp_path / "ready" / "broken" / "vnf.yaml").write_text("[")
    [facts] = store.packages()
    assert (facts.name, facts.is_kept, facts.archive) == ("wire", False, "folder")
    assert store.archive("wire").read() == build_csar(package())
    assert len(store.source("wire@1.2.0").files) == 3
    with pytest.raises(PackageNotFoundError, match=r"no package 'wire@2'; there are: wire@1\.2\.0"):
        store.package("wire@2")
    with pytest.raises(UsageError, match="'wire' is a ready function"):
        store.remove("wire")
    store.push(version("0.1.0"), "wire")
    assert [facts.version for facts in store.packages()] == ["0.1.0"]


def test_a_path_is_told_from_a_name(
    store: StoredPackages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store.push(version("3.0.0"), "wire")
    assert store.open("wire").form == "csar"
    Path("wire").write_bytes(packed(FILES))
    assert store.open("wire").form == "zip"
    with pytest.raises(UsageError, match=r"no package at 'a/wire'"):
        store.open("a/wire")
    with pytest.raises(UsageError, match=r"no package at 'x\.click'"):
        store.open("x.click")
    with pytest.raises(PackageNotFoundError, match="no package 'nat'; there are: wire"):
        store.open("nat")
    with pytest.raises(UsageError, match="'a/b' names no package; allowed: NAME, NAME@VERSION"):
        store.package("a/b")


def test_a_signature_is_told_and_whether_it_is_trusted(store: StoredPackages) -> None:
    facts = store.push(signed(ANN), "wire.csar")
    assert facts.signed_by == "CN=Ann"
    assert facts.untrusted == "'CN=Ann' is not trusted: no certificate is"
    store.remove("wire")
    store.set_policy(trust=(("authority.pem", AUTHORITY.pem),))
    assert store.push(signed(ANN), "wire.csar").untrusted is None


def test_a_policy_refuses_what_nobody_trusted_has_signed(store: StoredPackages) -> None:
    policy = store.set_policy(True, (("authority.pem", AUTHORITY.pem),))
    ends = AUTHORITY.certificate.not_valid_after_utc.date().isoformat()
    assert policy.require_signature
    pem = AUTHORITY.pem.decode()
    assert policy.trusted == (TrustedCertificate("authority.pem", "CN=Authority", ends, pem),)
    with pytest.raises(PackageError) as caught:
        store.push(build_csar(package()), "wire.csar")
    [problem] = caught.value.problems
    assert problem.message == "the store takes signed packages only, and this one is not signed"
    with pytest.raises(PackageError, match="'CN=Eve', issued by 'CN=Eve', is not trusted"):
        store.push(signed(Person("Eve")), "wire.csar")
    assert store.packages() == []
    assert store.push(signed(ANN), "wire.csar").untrusted is None


def test_a_policy_holds_for_packages_that_were_there_before(store: StoredPackages) -> None:
    store.push(build_csar(package()), "wire.csar")
    store.set_policy(require_signature=True)
    with pytest.raises(PackageError, match="this one is not signed"):
        store.source("wire")
    store.set_policy(require_signature=False)
    assert store.source("wire").form == "csar"


def test_trust_is_withdrawn_by_name(store: StoredPackages) -> None:
    store.set_policy(True, (("authority.pem", AUTHORITY.pem),))
    store.push(signed(ANN), "wire.csar")
    with pytest.raises(UsageError, match=r"called 'other'; there are: authority\.pem"):
        store.set_policy(distrust=("other",))
    assert store.set_policy(distrust=("authority.pem",)).trusted == ()
    with pytest.raises(PackageError, match="'CN=Ann' is not trusted: no certificate is"):
        store.source("wire")


def test_only_certificates_can_be_trusted(store: StoredPackages) -> None:
    with pytest.raises(UsageError, match=r"'a\.pem' has no certificate; allowed: PEM or DER"):
        store.set_policy(True, (("b.pem", ANN.pem), ("a.pem", b"?")))
    with pytest.raises(UsageError, match=r"a certificate cannot be called '\.\./a'"):
        store.set_policy(trust=(("../a", ANN.pem),))
    assert store.policy().trusted == ()
    assert not store.policy().require_signature


def test_a_policy_that_cannot_be_read_lets_nothing_in(
    store: StoredPackages, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    for text in ("{", "[]", '{"require-signature": "no"}'):
        (tmp_path / "data" / "policy.json").write_text(text)
        with pytest.raises(WeftError, match=r"the policy of the store, '.*', cannot be used"):
            store.push(build_csar(package()), "wire.csar")
