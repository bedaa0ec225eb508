"""From a package to the text of its graph."""

from __future__ import annotations

import pytest

from weft.model.package import Component, Package, PackageFile
from weft.vnf.forwarder import graph_of, isolated_graphs
from weft.vnf.frameworks import processes_of
from weft.vnf.graph import check_graph
from weft.vnf.manifest import read_manifest


def package(path: str | None, *files: tuple[str, bytes]) -> Package:
    return Package(
        name="wire",
        version="1",
        interfaces=("in", "out"),
        components=tuple(Component(name.split(".")[0], "click", name) for name, _ in files),
        files=tuple(PackageFile(*file) for file in files),
        path=path,
        path_line=8,
    )


def test_one_component_without_a_path_is_the_graph() -> None:
    text = b"FromDevice(in) -> ToDevice(out);\n"
    assert graph_of(package(None, ("all.click", text))) == (
        '# 1 "all.click"\nFromDevice(in) -> ToDevice(out);\n'
    )


def test_path_joins_interfaces_and_components() -> None:
    graph = graph_of(
        package("in -> a -> out\nout -> in\n", ("a.click", b"input -> Counter -> output;"))
    )
    assert graph == (
        '# 1 "forwarder"\n'
        "in :: { from :: FromDevice(in) -> output; input -> queue :: Queue -> to :: ToDevice(in); };\n"
        "out :: { from :: FromDevice(out) -> output; "
        "input -> queue :: Queue -> to :: ToDevice(out); };\n"
        'a :: {\n# 1 "a.click"\ninput -> Counter -> output;\n};\n'
        '# 8 "vnf.yaml"\n'
        "in -> a -> out\nout -> in\n"
    )


def test_an_interface_has_only_the_directions_the_path_uses() -> None:
    graph = graph_of(package("in -> a -> out", ("a.click", b"input -> output;")))
    assert "in :: { from :: FromDevice(in) -> output; };\n" in graph
    assert "out :: { input -> queue :: Queue -> to :: ToDevice(out); };\n" in graph


def test_names_of_files_cannot_end_a_line_directive() -> None:
    graph = graph_of(package(None, ('a"\nIdle;\\.click', b"Idle;")))
    assert graph == '# 1 "a__Idle;_.click"\nIdle;'


WIRE = """\
weft: 1
vnf: wire
version: 1.0.0
interfaces: [in, out]
components:
  a: {framework: native, file: a.x}
  b: {framework: native, file: a.x, isolate: private, fallback: hold, hold: 9, limit: 20ms}
  c: {framework: click, text: "input -> output;"}
  d: {framework: click, file: d.click, isolate: true, capacity: 64, fallback: bypass}
  p: {framework: box, command: p, interfaces: [one, two]}
path: |
  PATH
"""

IN = "in :: { from :: FromDevice(in) -> output; input -> queue :: Queue -> to :: ToDevice(in); };\n"
OUT = IN.replace("in ::", "out ::").replace("(in)", "(out)")
A = (
    '# 6 "vnf.yaml"\n'
    "a :: Component($key_a, UID $uid_a, CAPACITY 512, LIMIT 1s, FALLBACK drop, HOLD 4096, "
    "PRIVATE false);\n"
)
B = (
    '# 7 "vnf.yaml"\n'
    "b :: Component($key_b, UID $uid_b, CAPACITY 512, LIMIT 0.02s, FALLBACK hold, HOLD 9, "
    "PRIVATE true);\n"
)
C = '# 8 "vnf.yaml"\nc :: {\n# 8 "vnf.yaml"\ninput -> output;\n};\n'
D = (
    '# 9 "vnf.yaml"\n'
    "d :: Component($key_d, UID $uid_d, CAPACITY 64, LIMIT 1s, FALLBACK bypass, HOLD 4096, "
    "PRIVATE false);\n"
)
BOTH_WAYS = (
    '# 10 "vnf.yaml"\n'
    "p :: { from :: FromDevice(p) -> output; input -> queue :: Queue -> to :: ToDevice(p); "
    "from1 :: FromDevice(p.1) -> [1]output; "
    "input[1] -> queue1 :: Queue -> to1 :: ToDevice(p.1); };\n"
)
CROSSED = (
    '# 10 "vnf.yaml"\n'
    "p :: { Idle -> output; input -> queue :: Queue -> to :: ToDevice(p); "
    "from1 :: FromDevice(p.1) -> [1]output; }; p -> Discard;\n"
)
UNCROSSED = (
    '# 10 "vnf.yaml"\n'
    "p :: { from :: FromDevice(p) -> output; input -> Discard; "
    "input[1] -> queue1 :: Queue -> to1 :: ToDevice(p.1); }; Idle -> p;\n"
)


def read(path: str, *used: str) -> Package:
    """The package with those of the components that are named."""
    lines = WIRE.replace("PATH", path.replace("\n", "\n  ")).splitlines()
    kept = [line if line[2:4] not in unused(used) else "" for line in lines]
    files = [
        PackageFile("vnf.yaml", "\n".join([*kept, ""]).encode()),
        PackageFile("a.x", b""),
        PackageFile("d.click", b"input -> Paint(1) -> output;"),
    ]
    found, problems = read_manifest(files)
    assert found is not None, problems
    return found


def unused(used: tuple[str, ...]) -> set[str]:
    return {f"{name}:" for name in "abcdp" if name not in used}


CASES = [
    ("in -> a -> out\nout -> in", "a", A),
    ("in -> a -> c -> b -> out\nout -> in", "abc", A + B + C),
    ("in -> a -> out\nout -> b -> in", "ab", A + B),
    ("in -> [0]a[0] -> out\nout -> [1]a[1] -> in", "a", A),
    ("in -> a\na[0] -> b -> out\na[1] -> out\nout -> in", "ab", A + B),
    ("in, out -> d\nd[0-1] => out, in", "d", D),
    ("in -> p -> in\nout -> [1]p[1] -> out", "p", BOTH_WAYS),
    ("in -> p\np[1] -> out\nout -> in", "p", CROSSED),
    ("in -> [1]p\np -> out\nout -> in", "p", UNCROSSED),
]


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(("path", "used", "elements"), CASES)
def test_a_path_compiles_to_this_graph(path: str, used: str, elements: str) -> None:
    graph = graph_of(read(path, *used))
    assert graph == f'# 1 "forwarder"\n{IN}{OUT}{elements}# 12 "vnf.yaml"\n{path}\n'


@pytest.mark.usefixtures("invented")
@pytest.mark.parametrize(("path", "used"), [case[:2] for case in CASES])
def test_the_engine_takes_the_graph(path: str, used: str) -> None:
    package = read(path, *used)
    values = {name: "7" for item in package.components for name in (item.key_name, item.uid_name)}
    report = check_graph(graph_of(package), values, package.devices)
    assert (report.problems, report.warnings) == ((), ())


@pytest.mark.usefixtures("invented")
def test_processes_and_devices_of_a_package() -> None:
    package = read("in -> a -> c -> d -> p -> in\nout -> [1]p[1] -> out", *"acdp")
    assert [component.name for component in processes_of(package)] == ["a", "d", "p"]
    assert package.devices == ("in", "out", "p", "p.1")
    assert isolated_graphs(package) == [
        '# 9 "vnf.yaml"\nd :: {\n# 1 "d.click"\ninput -> Paint(1) -> output;\n};\n'
        "Idle -> [0]d;\nd[0] -> Discard;"
    ]
