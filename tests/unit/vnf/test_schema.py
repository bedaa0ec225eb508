"""The JSON schema of `vnf.yaml` and its reader agree."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.unit.vnf.csar.archives import FILES, MANIFEST
from weft.model.package import PackageFile
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.manifest import read_manifest
from weft.vnf.manifest.nsh import NSH_KEYS
from weft.vnf.manifest.root import ROOT_KEYS
from weft.vnf.schema import schema
from weft.vnf.schema.components import COMPONENT_SHAPES
from weft.vnf.schema.nsh import NSH_SHAPES
from weft.vnf.template import TEMPLATES, make_package

ROOT = Path(__file__).resolve().parents[3]


class Loader(yaml.SafeLoader):
    """Reads values as editors do, by YAML 1.2: dates are texts."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
VALIDATOR = Draft202012Validator(schema())
PACKAGES = sorted((ROOT / "functions").glob("*/vnf.yaml")) + sorted(
    (ROOT / "examples").rglob("vnf.yaml")
)


def complaints(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.load(text, Loader))]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_every_package_of_ours_satisfies_it(path: Path) -> None:
    assert complaints(path.read_text()) == []


def guides() -> list[str]:
    """Every whole `vnf.yaml` that a guide shows."""
    pages = [path.read_text() for path in sorted((ROOT / "docs" / "guides").glob("*.md"))]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ]
    return [
        block for block in blocks if block.startswith("weft: 1\nvnf:") or "\nvnf:" in block[:60]
    ]


def test_every_manifest_of_the_guides_satisfies_it() -> None:
    assert len(guides()) > 8
    wrong = {block: found for block in guides() if (found := complaints(block))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weft: 1", "weft: '1'"),
        ("version: 1.2.0", "version: 1"),
        ("version: 1.2.0", "version: 1.2"),
        ("provider: Example", "provider: 17"),
        ("license: LICENSE", "released: 2026-03-31"),
        ("license: LICENSE", "labels: {tier: 1, rack: true}"),
        ("interfaces: [in, out]", "interfaces: {in: , out: {driver: af_xdp}}"),
        ("framework: click,", "framework: click, isolate: true, capacity: '5', limit: 1s,"),
        ("framework: click,", "framework: click, isolate: 'private', arguments: [1, true, x],"),
        (
            "framework: click,",
            "framework: click, isolate: true, arguments: [null], environment: {A: },",
        ),
        ("default: 5", "default: '0x10'"),
        ("cpu: 1.5", "cpu: '1.5'"),
        ("resources: {cpu: 1.5, memory: 64MiB}", "nsh: proxy"),
        (
            "resources: {cpu: 1.5",
            "nsh: {role: proxy, mtu: 1600, mac: sender}\nresources: {cpu: 1.5",
        ),
    ],
)
def test_what_the_reader_takes_the_schema_takes(old: str, new: str) -> None:
    text = MANIFEST.replace(old, new)
    assert text != MANIFEST
    files = [PackageFile("vnf.yaml", text.encode())]
    files += [PackageFile(name, FILES[name]) for name in FILES if name != "vnf.yaml"]
    assert read_manifest(files)[1] == []
    assert complaints(text) == []


WORDS = (
    *("1", "0", "true", "false", "1.5", "64MiB", "null", "''", "'x'", "[a]", "[]", "{}", "{a: b}"),
    *(
        "none",
        "proxy",
        "in",
        "auto",
        "5s",
        "0x10",
        "2026-01-01",
        "~",
        "no",
        "10.0.0.1",
        "${A}",
        "-1",
    ),
)


def scalars(node: yaml.Node | None) -> list[yaml.ScalarNode]:
    """Every value of a document."""
    if isinstance(node, yaml.SequenceNode):
        return [found for item in node.value for found in scalars(item)]
    if isinstance(node, yaml.MappingNode):
        return [found for _, item in node.value for found in scalars(item)]
    return [node] if isinstance(node, yaml.ScalarNode) and node.style not in ("|", ">") else []


def test_whatever_the_reader_takes_the_schema_takes() -> None:
    source = random.Random(2020)
    texts = [path.read_text() for path in PACKAGES] + guides()
    taken = 0
    for _ in range(200):
        text = source.choice(texts)
        node = source.choice(scalars(yaml.compose(text)))
        word = source.choice(WORDS)
        changed = text[: node.start_mark.index] + word + text[node.end_mark.index :]
        named = set(re.findall(r"[\w./-]+\.\w+", changed)) - {"vnf.yaml"}
        files = [PackageFile("vnf.yaml", changed.encode())]
        files += [PackageFile(name, b"\x7fELF") for name in sorted(named)]
        if read_manifest(files)[1] == []:
            taken += 1
            assert complaints(changed) == [], changed
    assert taken > 10


@pytest.mark.parametrize("framework", TEMPLATES)
def test_every_template_satisfies_it_and_names_it(
    framework: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_package("wire", framework)
    text = (folder / "vnf.yaml").read_text()
    assert complaints(text) == []
    first = text.splitlines()[0]
    assert first == "# yaml-language-server: $schema=.vnf.schema.json"
    assert (folder / ".vnf.schema.json").is_file()


def test_every_key_of_the_reader_is_in_the_schema_and_no_other() -> None:
    found = schema()
    assert set(found["properties"]) == set(ROOT_KEYS)
    components = found["properties"]["components"]["additionalProperties"]["allOf"]
    keys = {
        part["if"]["properties"]["framework"]["const"]: set(part["then"]["properties"])
        for part in components
    }
    assert keys == {name: {"framework", *framework.keys} for name, framework in FRAMEWORKS.items()}
    known = {key for framework in FRAMEWORKS.values() for key in framework.keys}
    assert set(COMPONENT_SHAPES) == known
    roles = {
        part["if"]["properties"]["role"]["const"]: set(part["then"]["properties"])
        for part in found["properties"]["nsh"]["anyOf"][1]["allOf"]
    }
    assert roles == {role: set(keys) for role, keys in NSH_KEYS.items()}
    assert set(NSH_SHAPES) | {"role", "echo"} == {key for keys in NSH_KEYS.values() for key in keys}


def described(part: Any, place: str = "") -> list[str]:
    """Every property that says nothing of itself."""
    if isinstance(part, list):
        return [found for item in part for found in described(item, place)]
    if not isinstance(part, dict):
        return []
    missing = [
        f"{place}/{name}"
        for name, shape in part.get("properties", {}).items()
        if isinstance(shape, dict)
        and not shape.get("description")
        and "const" not in shape
        and not place.endswith(("/if", "/then"))
    ]
    return missing + [
        found for key, value in part.items() for found in described(value, f"{place}/{key}")
    ]


def test_every_key_is_described() -> None:
    found = {name: part for name, part in schema().items() if name not in ("if", "then")}
    assert [place for place in described(found) if "/if/" not in place] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("vnf: wire", "vnf: Wire"),
        ("weft: 1", "weft: 2"),
        ("version: 1.2.0", "version: [1]"),
        ("provider: Example", "maker: Example"),
        ("interfaces: [in, out]", "interfaces: [in, '1']"),
        ("framework: click", "framework: clik"),
        ("framework: click,", "framework: click, command: ls,"),
        ("framework: click,", "framework: c, requirements: x,"),
        ("framework: click,", "framework: python, isolate: false,"),
        ("framework: click,", "framework: python, hold: 0,"),
        ("type: integer", "type: whole"),
        ("cpu: 1.5", "cores: 1.5"),
        ("path: |\n  in -> counter -> out\n  out -> in", "sandbox: docker"),
        ("license: LICENSE", "nsh: {role: classifier, rules: [{match: '-'}]}"),
        ("license: LICENSE", "nsh: forwarder"),
        ("license: LICENSE", "labels: {tier: [a]}"),
    ],
)
def test_what_the_reader_refuses_by_form_the_schema_refuses(old: str, new: str) -> None:
    assert complaints(MANIFEST) == []
    assert old in MANIFEST
    assert complaints(MANIFEST.replace(old, new)) != []
