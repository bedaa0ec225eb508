"""From a package to the text of its graph."""

from __future__ import annotations

from weft.model.package import Component, Package, PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.path import parse_path


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


def test_path_with_ports_lists_and_comments() -> None:
    path = parse_path("in -> [0] a [1] -> x, y; // rest\n/* b\n*/ x[1] -> out")
    assert path.errors == []
    assert path.edges == [("in", "a"), ("a", "x"), ("a", "y"), ("x", "out")]
    assert path.names == {"in": 1, "a": 1, "x": 1, "y": 1, "out": 3}
