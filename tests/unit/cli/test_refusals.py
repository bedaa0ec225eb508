"""Packages that are refused: each reason in its words, all of them at once, and nothing is written."""

from __future__ import annotations

import json
import stat
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.vnf.csar.archives import FILES, Person, csar, members, package, packed, relisted
from weft.cli.main import run
from weft.vnf.building import tools
from weft.vnf.csar.descriptor import id_of
from weft.vnf.csar.signing import Signer

if TYPE_CHECKING:
    from collections.abc import Callable

CLICK = "Package/sub/counter.click"
OWN = id_of("Example", "wire", "1.2.0")
HEAD = """\
weft: 1
vnf: wire
version: 1.2.0
interfaces: [in, out]
"""
COMPONENT = "components:\n  a: {framework: click, text: 'input -> output;'}\n"
TWO = COMPONENT + "  b: {framework: click, text: 'input -> output;'}\n"


def manifest(text: str, **files: bytes) -> dict[str, bytes]:
    """The files of a package whose manifest goes on like this, from line 5 on."""
    named = {name.replace("__", "."): content for name, content in files.items()}
    return {"vnf.yaml": (HEAD + text).encode(), **named}


def path(text: str, components: str = COMPONENT) -> dict[str, bytes]:
    lines = "".join(f"  {line}\n" for line in text.split("; "))
    return manifest(f"{components}path: |\n{lines}")


def with_members(*more: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    """A zip of the small package, with members that are as they should not be."""
    import io

    stream = io.BytesIO(packed(FILES))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for member, content in more:
            archive.writestr(member, content)
    return stream.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def altered_after_signing() -> bytes:
    person = Person("Ann")
    contents = members(Signer(person.key_pem(), person.pem).csar(package()))
    contents["wire.mf"] = contents["wire.mf"].replace(b"Example", b"Someone")
    return packed(contents)


def of_another_key() -> bytes:
    """The signature of one, with the certificate of another of the same name and number."""
    person = Person("Ann")
    contents = members(Signer(person.key_pem(), person.pem).signed_zip(package()))
    other = members(Signer(person.key_pem(), person.pem).signed_zip(package({**FILES, "x": b""})))
    contents["wire-1.2.0.cms"] = other["wire-1.2.0.cms"]
    return packed(contents)


def other_descriptor() -> bytes:
    contents = csar()
    name = "Definitions/vnfd.yaml"
    contents[name] = contents[name].replace(OWN.encode(), b"0815")
    return packed(relisted(contents, name))


def zeros() -> int:
    """How small two mebibytes of nothing are."""
    import io

    with zipfile.ZipFile(io.BytesIO(with_members(("zeros", bytes(2**21))))) as archive:
        return archive.getinfo("zeros").compress_size


REFUSED: dict[str, tuple[Callable[[], bytes | dict[str, bytes]], list[str]]] = {
    "bad hash": (
        lambda: packed({**csar(), CLICK: b""}),
        [
            f"{CLICK}: is not what 'wire.mf' lists on line 31; it has the SHA-256 "
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ],
    ),
    "missing file": (
        lambda: packed({name: content for name, content in csar().items() if name != CLICK}),
        [f"wire.mf:31: '{CLICK}' is listed, but not in the archive"],
    ),
    "unlisted file": (
        lambda: packed({**csar(), "Package/x": b""}),
        ["Package/x: is not listed in 'wire.mf'"],
    ),
    "traversal": (
        lambda: with_members(("a/../../x", b"")),
        ["a/../../x: a path that leaves the package ('..') is not allowed"],
    ),
    "absolute path": (
        lambda: with_members(("/etc/passwd", b"")),
        ["/etc/passwd: an absolute path is not allowed"],
    ),
    "link": (
        lambda: with_members((link("x"), b"/etc/passwd")),
        ["x: a symbolic link; a package holds plain files only"],
    ),
    "bomb by size": (
        lambda: with_members(("x", bytes(16 * 2**20 + 1))),
        ["x: larger than 16 MiB"],
    ),
    "bomb by ratio": (
        lambda: with_members(("zeros", bytes(2**21))),
        [f"zeros: unpacks from {zeros()} to 2097152 bytes; at most 250 times as many are allowed"],
    ),
    "duplicate entry": (
        lambda: with_members(("vnf.yaml", b"")),
        ["vnf.yaml: is there twice"],
    ),
    "altered after signing": (
        altered_after_signing,
        [
            "wire.mf: signature: it is of something else: the content was altered after it was "
            "signed"
        ],
    ),
    "signature of something else": (
        of_another_key,
        [
            "wire-1.2.0.csar: signature: it is of something else: the content was altered after it "
            "was signed"
        ],
    ),
    "unknown descriptor id": (
        other_descriptor,
        [f"Definitions/vnfd.yaml: descriptor_id '0815' is unknown; the package has '{OWN}'"],
    ),
    "unknown framework": (
        lambda: manifest("components:\n  a: {framework: rust, file: a.rs}\n", a__rs=b""),
        [
            "vnf.yaml:6: components: a: framework: 'rust' is not known; allowed: click, c, python, "
            "java, javascript, program, coven"
        ],
    ),
    "missing runtime": (
        lambda: manifest(
            "components:\n  a: {framework: java, file: A.java}\npath: in -> a -> out\n",
            A__java=b"class A {}",
        ),
        [
            "vnf.yaml:6: components: a: framework java needs 'java', which is not installed; "
            "on Debian: apt-get install default-jdk-headless"
        ],
    ),
    "missing runtimes": (
        lambda: manifest(
            "components:\n  a: {framework: c, file: a.c}\n  b: {framework: javascript, file: b.mjs}\n"
            "  d: {framework: program, command: nothing-like-it, interfaces: [x, y]}\n"
            "path: |\n  in -> a -> b -> d -> out\n",
            a__c=b"",
            b__mjs=b"",
        ),
        [
            "vnf.yaml:6: components: a: framework c needs 'cc', which is not installed; "
            "on Debian: apt-get install gcc libc6-dev",
            "vnf.yaml:7: components: b: framework javascript needs 'node', which is not installed; "
            "on Debian: apt-get install nodejs",
            "vnf.yaml:8: components: d: command: no program 'nothing-like-it' on this server "
            "(/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)",
        ],
    ),
    "name of an interface": (
        lambda: manifest("components:\n  in: {framework: click, text: 'input -> output;'}\n"),
        ["vnf.yaml:6: components: 'in' is already an interface"],
    ),
    "name twice": (
        lambda: manifest(COMPONENT + "  a: {framework: click, text: ''}\npath: in -> a -> out\n"),
        ["vnf.yaml:7: components: key 'a' is given twice, first on line 6"],
    ),
    "port twice": (
        lambda: path("in -> a -> out; in -> out; out -> in"),
        [
            "vnf.yaml:9: path: output 0 of 'in' is connected twice, to 'a' and 'out'; Tee in a Click "
            "component copies"
        ],
    ),
    "port that is not there": (
        lambda: path("in -> a -> out; out -> [1]a"),
        ["vnf.yaml:8: path: 'a' has no input 1"],
    ),
    "port of an interface": (
        lambda: path("in[1] -> a -> out; out -> in"),
        [
            "vnf.yaml:8: path: interface 'in' has no output 1; an interface has one input and one "
            "output"
        ],
    ),
    "gap among ports": (
        lambda: path("in -> a; a[1] -> out; out -> in"),
        ["vnf.yaml:8: path: output 0 of 'a' is not connected"],
    ),
    "unreachable component": (
        lambda: path("in -> a -> out; out -> in", TWO),
        ["vnf.yaml:8: path: component 'b' is not connected"],
    ),
    "unknown name": (
        lambda: path("in -> a -> c -> out; out -> in"),
        ["vnf.yaml:8: path: unknown name 'c'; allowed: in, out, a"],
    ),
    "cycle without a queue": (
        lambda: path("in -> a -> b -> a; out -> in", TWO),
        ["vnf.yaml:9: path: 'a' -> 'b' -> 'a' goes round in a circle without a queue"],
    ),
    "unknown element": (
        lambda: {**FILES, "sub/counter.click": b"input -> Countr -> output;"},
        ["sub/counter.click:1: undeclared element 'Countr'"],
    ),
    "wrong argument of an element": (
        lambda: {**FILES, "sub/counter.click": b"input -> Queue(many) -> Unqueue -> output;"},
        [
            "sub/counter.click:1: While configuring 'counter/Queue@1 :: Queue': CAPACITY: "
            "invalid number"
        ],
    ),
    "no manifest": (
        lambda: packed({"README.md": b""}),
        ["vnf.yaml: missing; a package is a folder or zip with this file"],
    ),
    "no archive": (
        lambda: b"PK\x03\x04 and nothing else",
        ["wire.zip: neither a folder nor a zip file"],
    ),
}


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in; everything that could be written is below it, and no tool is there."""
    for name in ("work", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(tools, "_PATH", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("DATA", "RUN", "CACHE"):
        monkeypatch.setenv(f"WEFT_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def laid(content: bytes | dict[str, bytes]) -> str:
    """A package as a file or a folder; what it is called then."""
    if isinstance(content, bytes):
        Path("wire.zip").write_bytes(content)
        return "wire.zip"
    for name, text in content.items():
        Path("wire", name).parent.mkdir(parents=True, exist_ok=True)
        Path("wire", name).write_bytes(text)
    return "./wire"


def everything(folder: Path) -> list[str]:
    return sorted(entry.relative_to(folder).as_posix() for entry in folder.rglob("*"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_told_and_nothing_is_written(
    what: str, scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, problems = REFUSED[what]
    name = laid(make())
    before = everything(scene)
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
    lines = "".join(f"  {problem}\n" for problem in problems)
    for command in (["package", "push", name], ["package", "check", name]):
        assert run(command) == 1
        assert capsys.readouterr() == ("", f"weft: {name}: {count}\n{lines}")
        assert everything(scene) == before


def test_a_package_that_is_refused_is_neither_built_nor_signed_nor_run(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person("Ann")
    Path("key").write_bytes(person.key_pem())
    Path("certificate").write_bytes(person.pem)
    name = laid({**FILES, "sub/counter.click": b"input -> Countr -> output;"})
    before = everything(scene)
    signing = ["package", "sign", name, "--key", "key", "--certificate", "certificate"]
    bindings = ["-i", "in=netns:a", "-i", "out=netns:b"]
    for command in (["package", "build", name], signing, ["run", name, "-d", *bindings]):
        assert run(command) == 1
        assert "undeclared element 'Countr'" in capsys.readouterr().err
        assert everything(scene) == before


BAD_TEXTS = """\
weft: 1
vnf: wire
version: 1.0.0
interfaces: [in, out{more}]
components:
  a: {{framework: click, text: "input -> NoSuch -> output;"}}
  b: {{framework: c, file: b.c}}
path: |
  in -> a -> b -> out
  out -> in
"""


def test_texts_are_checked_though_the_manifest_is_wrong(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid({"vnf.yaml": BAD_TEXTS.format(more=", in").encode(), "b.c": b"int"})
    assert run(["package", "check", "./wire"]) == 1
    assert capsys.readouterr().err == (
        "weft: ./wire: 2 problems\n"
        "  vnf.yaml:4: interfaces: 'in' is given twice\n"
        "  vnf.yaml:6: undeclared element 'NoSuch'\n"
    )


def test_components_are_built_though_the_graph_is_wrong_and_programs_get_all_problems(
    scene: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid({"vnf.yaml": BAD_TEXTS.format(more="").encode(), "b.c": b"int"})
    assert run(["package", "check", "./wire", "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "package": "./wire",
        "problems": [
            {"file": "vnf.yaml", "line": 6, "message": "undeclared element 'NoSuch'"},
            {
                "file": "vnf.yaml",
                "line": 7,
                "message": "components: b: framework c needs 'cc', which is not installed; "
                "on Debian: apt-get install gcc libc6-dev",
            },
        ],
    }
