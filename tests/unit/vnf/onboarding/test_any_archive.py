"""Whatever an archive of another maker is made of, reading it ends in what it is or in a message."""

from __future__ import annotations

import contextlib
import random
import zipfile

import pytest

from tests.support.vendors import META, csar, meta, units, zipped
from weft.errors import PackageError
from weft.vnf.onboarding.importing import onboard_bytes
from weft.vnf.source import read_archive

UNIT = "web: {type: acme.Vdu, artifacts: {sw_image: {file: ../Files/web.qcow2}}}"
FILES = csar({"simple": units(UNIT)}, {"Files/web.qcow2": b"QFI" * 200})
ROUNDS = 150


def is_answered(content: bytes) -> bool:
    """Whether it is read, or refused in words."""
    for read in (onboard_bytes, read_archive):
        with contextlib.suppress(PackageError):
            read(content, "ims.csar")
    return True


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damaged_archives_are_answered(packing: int) -> None:
    chance, whole = random.Random(11), zipped(FILES, packing)
    for _ in range(ROUNDS):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        assert is_answered(bytes(content[: chance.randrange(len(content) // 2, len(content) + 1)]))


def test_texts_of_any_bytes_are_answered() -> None:
    """The archive is sound; what lies in it is not."""
    chance = random.Random(12)
    texts = [name for name in FILES if name.endswith((".yaml", ".mf", ".meta"))]
    words = [b"\n", b": ", b"- ", b"&a ", b"*a", b"{", b"]", b"\xff", b"Source: x\n", b"imports: ["]
    for _ in range(ROUNDS):
        files = {name: content for name, content in FILES.items() if name != "ims.mf"}
        name = chance.choice(texts)
        text = bytearray(FILES[name])
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(text))
            text[at : at + chance.randrange(4)] = chance.choice(words)
        assert is_answered(zipped({**files, name: bytes(text)}))


@pytest.mark.parametrize("name", [META, "ims.mf", "Definitions/ims_top.vnfd.yaml"])
def test_texts_too_large_to_be_any_are_told(name: str) -> None:
    files = {**FILES, name: FILES[name] + b"#" * (17 * 2**20)}
    with pytest.raises(PackageError, match=r"larger than 16 MiB|beyond the 4 MiB|is not what"):
        onboard_bytes(zipped(files), "ims.csar")


def test_names_of_others_are_printable_and_bounded() -> None:
    many = units(*(f"n{number}: {{type: acme.Fpga}}" for number in range(600)))
    odd = units(f'"\\e[2Jred\\n": {{type: "{"x" * 2000}\\x07"}}')
    files = csar({"simple": odd + many})
    top = files["Definitions/ims_top.vnfd.yaml"].replace(b"ACME Networks", b'"ACME\\e[2J"')
    found = onboard_bytes(
        zipped({**files, "Definitions/ims_top.vnfd.yaml": top, "ims.mf": b""}), "ims.csar"
    ).origin
    assert found is not None
    assert found.provider == "ACME?[2J"
    assert len(found.parts) == 501
    assert found.parts[-1].name == "102 more"
    texts = [text for part in found.parts for text in (part.name, part.told)]
    assert all(text.isprintable() and len(text) <= 503 for text in texts)


def test_archives_in_archives_are_opened_once() -> None:
    inner = zipped(FILES)
    twice = zipped({"outer.zip": zipped({"ims.csar": inner})})
    assert is_answered(twice)
    with pytest.raises(PackageError, match="not understood"):
        onboard_bytes(twice, "ims.zip")


def test_an_entry_that_leads_nowhere_is_told() -> None:
    for entry in ("", "..", "Definitions", "/etc/passwd", "x.yaml"):
        files = {**FILES, META: meta(entry=entry)}
        with pytest.raises(PackageError, match=f"Entry-Definitions: no file '{entry}'"):
            onboard_bytes(zipped(files), "ims.csar")


def test_descriptors_and_archives_of_great_numbers_are_answered() -> None:
    """Nothing here may take longer the more there is of it than its length."""
    numbers = range(3500)
    chain = "".join(f"  t{n + 1}: {{derived_from: t{n}}}\n" for n in numbers)
    lines = [f"v{n}: {{type: acme.Vdu, artifacts: {{i: ../x/{n}.img}}}}" for n in numbers]
    lines += [f"c{n}: {{type: t3500}}" for n in numbers]
    files = csar({"simple": units(*lines)}, {f"d{n % 7}/{n}.img": b"" for n in numbers})
    files["Definitions/ims_types.yaml"] += chain.encode()
    sources = "".join(f"Source: d/{n}\n" for n in range(100_000))
    files["ims.mf"] = f"metadata:\nnon_mano_artifact_sets:\nsome:\n{sources}".encode()
    found = onboard_bytes(zipped(files, zipfile.ZIP_STORED), "ims.csar")
    assert found.origin is not None
    assert len(found.origin.parts) == 501
    rooted = {f"{n}.yaml": b"tosca_definitions_version: 1\ntopology_template:\n" for n in numbers}
    with pytest.raises(PackageError, match="one YAML file at the root describes the VNF, not 51"):
        onboard_bytes(zipped(rooted, zipfile.ZIP_STORED), "ims.csar")
