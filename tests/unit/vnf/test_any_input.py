"""Nothing that a person or a stranger writes ends in a traceback: mutations of good input."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.unit.vnf.test_manifest import GOOD
from weft.errors import PackageError, UsageError
from weft.model.package import PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.graph import devices_of, problems_of
from weft.vnf.interfaces import parse_binding
from weft.vnf.manifest import read_manifest
from weft.vnf.path import parse_path
from weft.vnf.source import read_files

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 400
ROLES = (
    """\
nsh:
  role: classifier
  mac: $NEXT
  rules:
    - {match: tcp dst port 80, spi: 10, si: 9, ttl: 3, context: 000102030405060708090a0b0c0d0e0f}
    - {match: "-", spi: $A, tlvs: [{class: 3, type: 1, value: 0a0b}]}
""",
    """\
nsh:
  role: forwarder
  transport: vxlan-gpe
  address: {out: 10.0.0.1}
  vni: 7
  table:
    - {spi: 10, si: 255, interface: in, mac: "02:00:00:00:0a:01"}
    - {spi: 10, si: 254, interface: out, vxlan-gpe: 10.0.0.2}
""",
    """\
nsh: {role: proxy, reassociate: flow, flows: 9, timeout: 2s, mac: {in: sender}, mtu: 9000, oam: drop}
components:
  a: {framework: click, text: "input -> output;"}
path: in -> a -> out; out -> in
""",
)
RICH = """\
weft: 1
vnf: rich
version: 1.0.0
interfaces: [in, out]
components:
  a: {framework: native, file: a.x, arguments: [a, b], environment: {A: b}, isolate: private}
  b: {framework: native, file: a.x, fallback: hold, hold: 9, limit: 20ms, capacity: 64}
  c: {framework: click, text: "input -> Queue -> Unqueue -> output;"}
  p: {framework: box, command: [p, q], interfaces: [one, two]}
path: |
  in -> a[0-1] => b, [1]b; b -> c -> a
  b[1] -> p -> in
  out -> [1]p[1] -> out
"""


def mutated(chance: random.Random, data: bytes) -> bytes:
    """A few bytes changed, removed, doubled or moved."""
    result = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(result) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            result[at:at] = bytes([chance.randrange(256)])
        elif kind == 1:
            del result[at : at + chance.randrange(1, 9)]
        elif kind == 2:
            result[at:at] = result[at : at + chance.randrange(1, 40)]
        else:
            result[at : at + 1] = chance.choice(b"[]{}:,-|>&*#'\"\n\t ").to_bytes(1, "big")
    return bytes(result)


@pytest.mark.usefixtures("invented")
def test_the_rich_manifest_is_good() -> None:
    files = [PackageFile("vnf.yaml", RICH.encode()), PackageFile("a.x", b"")]
    assert read_manifest(files)[1] == []


def test_manifests() -> None:
    chance = random.Random(1)
    for _ in range(ROUNDS):
        content = mutated(chance, GOOD.encode())
        files = [PackageFile("vnf.yaml", content), PackageFile("counter.click", b"")]
        package, problems = read_manifest(files)
        assert (package is None) == bool(problems)


@pytest.mark.usefixtures("invented")
def test_manifests_with_processes() -> None:
    chance = random.Random(4)
    for _ in range(ROUNDS):
        content = mutated(chance, RICH.encode())
        files = [PackageFile("vnf.yaml", content), PackageFile("a.x", b"")]
        package, problems = read_manifest(files)
        assert (package is None) == bool(problems)
        if package is not None:
            assert graph_of(package).endswith(package.path or "")


@pytest.mark.parametrize("role", ROLES)
def test_manifests_with_roles(role: str) -> None:
    chance = random.Random(5)
    head = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
    parameters = "parameters:\n  NEXT: {type: mac}\n  A: {type: integer}\n"
    good = (head + role + parameters).encode()
    assert read_manifest([PackageFile("vnf.yaml", good)])[1] == []
    for _ in range(ROUNDS):
        package, problems = read_manifest([PackageFile("vnf.yaml", mutated(chance, good))])
        assert (package is None) == bool(problems)
        if package is not None:
            assert graph_of(package).endswith(package.path or "\n")


def test_archives(tmp_path: Path) -> None:
    chance = random.Random(2)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("vnf.yaml", GOOD)
        packed.writestr("sub/counter.click", "input -> output;")
    path = tmp_path / "p.zip"
    for _ in range(ROUNDS):
        path.write_bytes(mutated(chance, buffer.getvalue()))
        with contextlib.suppress(PackageError):
            files = read_files(path)
            assert not any(".." in file.name.split("/") or file.name[0] == "/" for file in files)


def test_paths_bindings_and_diagnostics() -> None:
    chance = random.Random(3)
    for _ in range(ROUNDS):
        text = mutated(chance, b"in -> [0] a [1] -> b, c; // x\n/* y */ out -> in").decode(
            "latin-1"
        )
        path = parse_path(text)
        assert path.sources | path.targets <= set(path.names)
        problems_of(mutated(chance, b"a:1: While:\n  reason\nRouter\n").decode("latin-1"))
        devices_of(mutated(chance, b"a :: FromDevice(in, X);").decode("latin-1"))
        with contextlib.suppress(UsageError):
            parse_binding(mutated(chance, b"in=netns:a:b").decode("latin-1"))
