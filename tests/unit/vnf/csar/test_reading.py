"""Archives that are refused, each with the reason; nothing of them is taken."""

from __future__ import annotations

import contextlib
import hashlib
import io
import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.unit.vnf.csar.archives import FILES, csar, package, packed, relisted
from weft.errors import PackageError, WeftError
from weft.vnf.csar.build import build_csar
from weft.vnf.csar.descriptor import id_of
from weft.vnf.source import read_archive

if TYPE_CHECKING:
    from collections.abc import Callable

META = "TOSCA-Metadata/TOSCA.meta"
CLICK = "Package/sub/counter.click"
LISTED = hashlib.sha256(FILES["sub/counter.click"]).hexdigest()
OWN = id_of("Example", "wire", "1.2.0")

Contents = dict[str, bytes]


def problems_of(contents: Contents) -> list[str]:
    with pytest.raises(PackageError) as caught:
        read_archive(packed(contents), "wire.csar")
    return [str(problem) for problem in caught.value.problems]


def altered(contents: Contents) -> Contents:
    return {**contents, CLICK: b"input -> Discard;"}


def without(contents: Contents, name: str) -> Contents:
    return {key: value for key, value in contents.items() if key != name}


def replaced(contents: Contents, name: str, old: bytes, new: bytes) -> Contents:
    assert old in contents[name]
    return {**contents, name: contents[name].replace(old, new)}


def other_descriptor(contents: Contents) -> Contents:
    changed = replaced(contents, "Definitions/vnfd.yaml", OWN.encode(), b"0815")
    return relisted(changed, "Definitions/vnfd.yaml")


def no_descriptor(contents: Contents) -> Contents:
    return relisted({**contents, "Definitions/vnfd.yaml": b"a: b\n"}, "Definitions/vnfd.yaml")


def in_meta(old: bytes, new: bytes) -> Callable[[Contents], Contents]:
    return lambda contents: relisted(replaced(contents, META, old, new), META)


def in_list(old: bytes, new: bytes) -> Callable[[Contents], Contents]:
    return lambda contents: replaced(contents, "wire.mf", old, new)


LINE = 31
REFUSED: dict[str, tuple[Callable[[Contents], Contents], list[str]]] = {
    "a file that was altered": (
        altered,
        [
            f"{CLICK}: is not what 'wire.mf' lists on line {LINE}; it has the SHA-256 "
            f"{hashlib.sha256(b'input -> Discard;').hexdigest()}"
        ],
    ),
    "a file that is missing": (
        lambda contents: without(contents, CLICK),
        [f"wire.mf:{LINE}: '{CLICK}' is listed, but not in the archive"],
    ),
    "a file that is not listed": (
        lambda contents: {**contents, "Package/more.txt": b"x"},
        ["Package/more.txt: is not listed in 'wire.mf'"],
    ),
    "a list that leads out of the archive": (
        in_list(CLICK.encode(), b"../../etc/passwd"),
        [
            f"{CLICK}: is not listed in 'wire.mf'",
            f"wire.mf:{LINE}: '../../etc/passwd': a path that leaves the package ('..') is not allowed",
        ],
    ),
    "a list with an absolute path": (
        in_list(CLICK.encode(), b"/etc/passwd"),
        [
            f"{CLICK}: is not listed in 'wire.mf'",
            f"wire.mf:{LINE}: '/etc/passwd': an absolute path is not allowed",
        ],
    ),
    "a list that says something twice": (
        in_list(b"Source: Package/vnf.yaml", f"Source: {CLICK}".encode()),
        [
            "Package/vnf.yaml: is not listed in 'wire.mf'",
            f"wire.mf:35: '{CLICK}' is listed twice, first on line {LINE}",
        ],
    ),
    "a hash that is missing": (
        in_list(f"Hash: {LISTED}".encode(), b""),
        [f"wire.mf:{LINE}: '{CLICK}' has no Hash"],
    ),
    "a hash that is none": (
        in_list(LISTED.encode(), "caf\u00e9".encode()),
        [f"{CLICK}: is not what 'wire.mf' lists on line {LINE}; it has the SHA-256 {LISTED}"],
    ),
    "an algorithm that is not known": (
        in_list(b"Algorithm: SHA-256\nHash: " + LISTED.encode(), b"Algorithm: MD5\nHash: 00"),
        [f"wire.mf:{LINE}: algorithm 'MD5' is not known; allowed: SHA-256, SHA-384, SHA-512"],
    ),
    "a line that is not understood": (
        in_list(b"Algorithm: SHA-256\nHash: " + LISTED.encode(), b"what is this"),
        [
            f"wire.mf:{LINE}: '{CLICK}' has no Algorithm and no Hash",
            f"wire.mf:{LINE + 1}: 'what is this' is not understood; allowed: KEY: VALUE",
        ],
    ),
    "a file of the package that is said to be a certificate": (
        lambda contents: relisted(
            {
                **contents,
                META: contents[META] + b"ETSI-Entry-Certificate: Package/evil\n",
                "Package/evil": b"x",
            },
            META,
        ),
        ["Package/evil: is not listed in 'wire.mf'"],
    ),
    "a descriptor of something else": (
        other_descriptor,
        [f"Definitions/vnfd.yaml: descriptor_id '0815' is unknown; the package has '{OWN}'"],
    ),
    "a descriptor of nothing": (
        no_descriptor,
        ["Definitions/vnfd.yaml: no VNF with a descriptor_id is described"],
    ),
    "a list of something else": (
        in_list(f"vnfd_id: {OWN}".encode(), b"vnfd_id: 0815"),
        [f"wire.mf: vnfd_id '0815' is unknown; the package has '{OWN}'"],
    ),
    "no list": (
        lambda contents: without(contents, "wire.mf"),
        [f"{META}: ETSI-Entry-Manifest: no file 'wire.mf' in the archive"],
    ),
    "no word of a list": (
        in_meta(b"ETSI-Entry-Manifest: wire.mf\n", b""),
        [f"{META}: missing key 'ETSI-Entry-Manifest'"],
    ),
    "another version of the format": (
        in_meta(b"CSAR-Version: 1.1", b"CSAR-Version: 9"),
        [f"{META}: CSAR-Version: '9' is not known; allowed: 1.1"],
    ),
    "an archive of another maker": (
        lambda contents: {
            META: contents[META],
            "Definitions/vnfd.yaml": contents["Definitions/vnfd.yaml"],
            "wire.mf": b"\n".join(contents["wire.mf"].split(b"\n")[:10])
            + b"\n"
            + b"\n".join(contents["wire.mf"].split(b"\n")[10:18]),
        },
        [
            "Package/vnf.yaml: missing; an archive that `weft package build` did not make holds no "
            "package for weft"
        ],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_with_an_archive_is_told(what: str) -> None:
    change, problems = REFUSED[what]
    assert problems_of(change(csar())) == problems


def test_every_problem_is_told_at_once() -> None:
    contents = other_descriptor({**altered(csar()), "extra": b""})
    assert [problem.split(":")[0] for problem in problems_of(contents)] == [
        "Definitions/vnfd.yaml",
        CLICK,
        "extra",
    ]


def test_other_algorithms_and_former_keys_are_understood() -> None:
    contents = csar()
    digest = hashlib.sha512(contents[CLICK]).hexdigest().upper()
    changed = in_list(
        f"Algorithm: SHA-256\nHash: {LISTED}".encode(),
        f"Algorithm: sha-512\r\nHash: {digest}".encode(),
    )(in_meta(b"ETSI-Entry-Manifest", b"Entry-Manifest")(contents))
    assert {file.name for file in read_archive(packed(changed), "wire.csar").files} == set(FILES)


def test_a_descriptor_of_great_depth_or_length_is_refused_at_once() -> None:
    for text in (b"[" * 100_000, b"a: &a [" + b"x," * 4_000_000 + b"]\n"):
        contents = relisted({**csar(), "Definitions/vnfd.yaml": text}, "Definitions/vnfd.yaml")
        assert problems_of(contents) == [
            "Definitions/vnfd.yaml: no VNF with a descriptor_id is described"
        ]


def test_a_list_of_long_lines_is_read_at_once() -> None:
    contents = csar()
    contents["wire.mf"] = b"Source: x" + b" " * 2_000_000 + b"y\n" + contents["wire.mf"]
    assert any("has no Algorithm and no Hash" in problem for problem in problems_of(contents))


def mutated(archive: bytes, source: random.Random) -> bytes:
    """The archive with a few bytes changed, cut, repeated or put elsewhere."""
    data = bytearray(archive)
    for _ in range(source.randint(1, 8)):
        at = source.randrange(len(data))
        kind = source.randrange(5)
        if kind == 0:
            data[at] ^= 1 << source.randrange(8)
        elif kind == 1:
            data[at : at + 4] = source.randbytes(4)
        elif kind == 2:
            del data[at : at + source.randint(1, 64)]
        elif kind == 3:
            data[at:at] = data[source.randrange(len(data)) :][: source.randint(1, 64)]
        else:
            data[at : at + 4] = source.choice((b"\xff\xff\xff\xff", b"PK\x01\x02", bytes(4)))
        if not data:
            return b""
    return bytes(data)


def test_whatever_an_archive_is_made_of_only_our_errors_come_of_it() -> None:
    source = random.Random(20261120)
    stored = build_csar(package())
    small = {name: content for name, content in csar().items() if len(content) < 600}
    archives = [stored, packed(csar()), packed(small), packed(FILES)]
    taken = 0
    for turn in range(1000):
        archive = mutated(archives[turn % len(archives)], source)
        with contextlib.suppress(WeftError):
            read_archive(archive, "wire.csar")
            taken += 1
    assert taken < 500


def test_whatever_is_in_a_list_only_our_errors_come_of_it() -> None:
    source = random.Random(1120)
    contents = csar()
    for _ in range(150):
        name = source.choice(["wire.mf", META, "Definitions/vnfd.yaml", "Package/vnf.yaml"])
        changed = {**contents, name: mutated(contents[name], source)}
        if name != "wire.mf":
            changed = relisted(changed, name)
        with contextlib.suppress(WeftError):
            read_archive(packed(changed), "wire.csar")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_is_refused() -> None:
    stream = io.BytesIO(packed(csar()))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(CLICK, b"other")
    with pytest.raises(PackageError, match=f"{CLICK}: is there twice"):
        read_archive(stream.getvalue(), "wire.csar")
