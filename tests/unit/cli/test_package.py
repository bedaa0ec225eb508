"""`weft package`: what its verbs say and make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.vnf.csar.archives import FILES, Person, package
from weft.cli.main import run
from weft.vnf.csar.build import build_csar

AUTHORITY = Person("Authority", is_authority=True)
ANN = Person("Ann", AUTHORITY)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name in ("DATA", "RUN", "CACHE"):
        monkeypatch.setenv(f"WEFT_{name}_DIR", str(tmp_path / name.lower()))
    monkeypatch.setenv("WEFT_FUNCTIONS", str(tmp_path / "ready"))
    for name, content in FILES.items():
        Path("wire", name).parent.mkdir(parents=True, exist_ok=True)
        Path("wire", name).write_bytes(content)
    for name, content in (
        ("key", ANN.key_pem()),
        ("locked", ANN.key_pem(b"open sesame")),
        ("ann.pem", ANN.pem),
        ("authority.pem", AUTHORITY.pem),
    ):
        Path(name).write_bytes(content)


@pytest.fixture
def weft(capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*arguments: str, status: int = 0) -> str:
        done = run(["package", *arguments])
        said = capsys.readouterr()
        assert done == status, said.err
        return said.err if status else said.out

    return call


def test_an_archive_is_built_where_it_is_wanted(weft: Any) -> None:
    assert weft("build", "wire") == "wire-1.2.0.csar\n"
    Path("out").mkdir()
    assert weft("build", "wire", "-o", "out") == "out/wire-1.2.0.csar\n"
    assert weft("build", "wire-1.2.0.csar", "-o", "again") == "again\n"
    archive = build_csar(package())
    for name in ("wire-1.2.0.csar", "out/wire-1.2.0.csar", "again"):
        assert Path(name).read_bytes() == archive
    made = json.loads(weft("build", "wire", "--format", "json"))
    assert (made["package"], made["digest"]) == ("wire@1.2.0", package().digest)


def test_an_archive_is_not_built_into_its_own_package(weft: Any, tmp_path: Path) -> None:
    place = tmp_path / "work" / "wire-1.2.0.csar"
    assert weft("build", "wire", "-o", "wire/sub", status=2) == (
        "weft: 'wire/sub/wire-1.2.0.csar' lies in the package itself, and would become a part of it\n"
        f"weft: hint: choose another place: -o {place}\n"
    )
    assert weft("build", "wire", "-o", "no/where", status=1) == (
        "weft: cannot write 'no/where': No such file or directory\n"
    )


def test_an_archive_is_signed_in_its_place(weft: Any) -> None:
    weft("build", "wire")
    signing = ["--key", "key", "--certificate", "ann.pem"]
    said = weft("sign", "wire-1.2.0.csar", *signing)
    assert said == "wire-1.2.0.csar: signed by CN=Ann\n"
    assert weft("verify", "wire-1.2.0.csar", "--trust", "authority.pem") == (
        "wire@1.2.0: signed by CN=Ann\n"
    )
    assert weft("sign", "wire", "--option", "2", *signing) == "wire-1.2.0.zip: signed by CN=Ann\n"
    verified = weft("verify", "wire-1.2.0.zip", "--trust", "ann.pem", "-o", "json")
    assert json.loads(verified)["signed_by"] == "CN=Ann"


def test_a_key_is_opened_by_the_pass_phrase_in_a_file(weft: Any) -> None:
    Path("phrase").write_text("open sesame\nand more\n")
    signing = ["sign", "wire", "--key", "locked", "--certificate", "ann.pem"]
    assert weft(*signing, "--password-file", "phrase") == "wire-1.2.0.csar: signed by CN=Ann\n"
    assert weft(*signing, status=2) == (
        "weft: the key needs its pass phrase\nweft: hint: give it with --password-file FILE\n"
    )
    Path("phrase").write_text("wrong\n")
    assert weft(*signing, "--password-file", "phrase", status=2) == (
        "weft: the key cannot be opened: the pass phrase is wrong, or it is no key in PEM\n"
    )


def test_what_nobody_trusted_has_signed_is_not_verified(weft: Any) -> None:
    weft("build", "wire")
    unsigned = "weft: wire-1.2.0.csar: 1 problem\n  signature: it is not signed\n"
    assert weft("verify", "wire-1.2.0.csar", status=1) == unsigned
    weft("sign", "wire-1.2.0.csar", "--key", "key", "--certificate", "ann.pem")
    assert weft("verify", "wire-1.2.0.csar", status=1) == (
        "weft: wire-1.2.0.csar: 1 problem\n"
        "  signature: 'CN=Ann' is not trusted: no certificate is\n"
    )
    weft("policy", "--trust", "authority.pem")
    assert weft("verify", "wire-1.2.0.csar") == "wire@1.2.0: signed by CN=Ann\n"
    assert weft("verify", "wire-1.2.0.csar", "--trust", "key", status=2) == (
        "weft: --trust key: no certificate in it; allowed: PEM or DER\n"
    )


def test_the_store_lists_shows_and_removes(weft: Any) -> None:
    assert weft("list") == "NAME  VERSION  RUNS  DIGEST  SIGNED BY  PUSHED  DESCRIPTION\n"
    assert weft("push", "wire") == "wire@1.2.0\n"
    assert weft("push", "wire") == "wire@1.2.0\n"
    [row] = json.loads(weft("list", "-o", "json"))
    assert row == json.loads(weft("show", "wire@~=1.0", "-o", "json"))
    assert row == yaml.safe_load(weft("show", "wire@1.2.0", "-o", "yaml"))
    assert (row["digest"], row["archive"], row["parameters"]) == (
        package().digest,
        "csar",
        {"limit": "5"},
    )
    assert json.loads(weft("show", "./wire", "-o", "json"))["pushed"] is None
    Path("wire/LICENSE").write_text("Other.\n")
    assert weft("push", "wire", status=1) == (
        "weft: the store has 'wire@1.2.0' with other contents; nothing was changed\n"
        "weft: hint: give the package another version, or remove that one: "
        "weft package remove wire@1.2.0\n"
    )
    assert weft("remove", "wire@1.2.0") == ""
    assert weft("remove", "wire@1.2.0", status=1) == (
        "weft: no package 'wire@1.2.0'; there is none\n"
        "weft: hint: `weft package list` tells all; the path of a folder or file has a '/' in it\n"
    )


def test_packages_are_completed_by_name(weft: Any, capsys: pytest.CaptureFixture[str]) -> None:
    weft("push", "wire")
    assert run(["completion", "packages"]) == 0
    assert capsys.readouterr().out == "wire\n"


def test_the_policy_is_shown_and_changed(weft: Any) -> None:
    assert weft("policy") == "require signature  no\n"
    said = weft("policy", "--require-signature", "yes", "--trust", "authority.pem")
    ends = AUTHORITY.certificate.not_valid_after_utc.date()
    assert said == (
        "require signature  yes\n\n"
        "NAME           SUBJECT       EXPIRES\n"
        f"authority.pem  CN=Authority  {ends}\n"
    )
    assert weft("push", "wire", status=1) == (
        "weft: wire: 1 problem\n"
        "  signature: the store takes signed packages only, and this one is not signed\n"
    )
    weft("policy", "--distrust", "authority.pem", "--require-signature", "no")
    shown = json.loads(weft("policy", "-o", "json"))
    assert shown == {"require_signature": False, "trusted": []}


def test_the_schema_is_shown(weft: Any) -> None:
    from weft.vnf.schema import schema

    assert json.loads(weft("schema")) == schema()
    assert yaml.safe_load(weft("schema", "-o", "yaml")) == schema()


def test_a_package_is_made_in_a_framework_there_is(weft: Any) -> None:
    said = weft("init", "mine", "--framework", "c")
    assert said == "made mine/; check it with `weft package check mine`\n"
    assert {path.name for path in Path("mine").iterdir()} == {
        *("vnf.yaml", "counter.c", "README.md", ".vnf.schema.json")
    }
    assert weft("init", "other", "--framework", "rust", status=2) == (
        "weft: no template for framework 'rust'; allowed: click, c, python, java, javascript\n"
    )
    assert not Path("other").exists()
