"""Packages as a whole, the engine's opinion of their graph included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from weft.cli.main import run
from weft.errors import EngineError, PackageError, UsageError
from weft.model.function import FunctionRequest
from weft.model.package import Component, Package
from weft.vnf.forwarder import graph_of
from weft.vnf.offline import run_on_files
from weft.vnf.package import load_click_file, load_package, parameter_values
from weft.vnf.template import make_package

if TYPE_CHECKING:
    from pathlib import Path

ONE_COMPONENT = """\
weft: 1
vnf: hub
version: 1.0.0
interfaces: [in, out]
components: {all: {framework: click, file: all.click}}
parameters:
  LIMIT: {type: integer, default: 5}
  NOTE: {type: text, default: a, help: b}
"""


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / make_package("wire")


def hub(folder: Path, graph: str) -> Path:
    (folder / "vnf.yaml").write_text(ONE_COMPONENT)
    (folder / "all.click").write_text(graph)
    return folder


def problems_of(path: Path) -> list[str]:
    with pytest.raises(PackageError) as caught:
        load_package(path)
    return [str(problem) for problem in caught.value.problems]


def test_the_template_has_no_problems(wire: Path) -> None:
    package = load_package(wire)
    assert (package.name, package.interfaces) == ("wire", ("in", "out"))


def test_the_template_overwrites_nothing(wire: Path) -> None:
    with pytest.raises(UsageError, match="'wire' is there already; nothing was changed"):
        make_package("wire")


def test_problems_of_a_component_have_its_own_lines(wire: Path) -> None:
    (wire / "counter.click").write_text(
        "// one\ninput -> Nope\n  -> output;\ninput -> Nix -> output;\n"
    )
    found = problems_of(wire)
    assert any(line.startswith("counter.click:2: ") and "'Nope'" in line for line in found), found
    assert any(line.startswith("counter.click:4: ") and "'Nix'" in line for line in found), found


def test_problems_of_the_path_are_in_the_manifest(wire: Path) -> None:
    manifest = (wire / "vnf.yaml").read_text()
    (wire / "vnf.yaml").write_text(manifest.replace("out -> in", "out -> [1]counter"))
    assert problems_of(wire) == ["vnf.yaml:10: path: 'counter' has no input 1"]
    (wire / "counter.click").write_text(
        "input -> count :: Tee(2) -> output; count[1] -> [1]output;"
    )
    (wire / "vnf.yaml").write_text(manifest)
    assert problems_of(wire) == ["vnf.yaml:10: path: output 1 of 'counter' is not connected"]


def test_an_isolated_click_component_is_checked_by_itself(wire: Path) -> None:
    manifest = (wire / "vnf.yaml").read_text()
    (wire / "vnf.yaml").write_text(manifest.replace("click}", "click, isolate: true}"))
    load_package(wire)
    (wire / "counter.click").write_text("input ->\nx :: Nope -> output;")
    assert problems_of(wire) == ["counter.click:2: unknown element class 'Nope'"]


def test_devices_and_interfaces_must_match(tmp_path: Path) -> None:
    path = hub(tmp_path, "FromDevice(in) -> Queue -> ToDevice(eth7);")
    assert problems_of(path) == [
        "all.click:1: While initializing 'ToDevice@3 :: ToDevice': "
        "eth7: no such device (there are: in, out)",
    ]
    (path / "all.click").write_text("FromDevice(in) -> Queue -> ToDevice(in);")
    assert problems_of(path) == [
        "all.click: interface 'out' is not used; use FromDevice(out) or ToDevice(out)",
    ]


def test_a_graph_finds_the_files_of_its_package(tmp_path: Path) -> None:
    folder = tmp_path / "keyed"
    folder.mkdir()
    (folder / "vnf.yaml").write_text(
        "weft: 1\nvnf: keyed\nversion: 1.0.0\ninterfaces: [in]\n"
        "components:\n  check: {framework: click, file: check.click}\n"
    )
    (folder / "check.click").write_text("FromDevice(in) -> NSHVerify(KEYS keys.txt) -> Discard;")
    with pytest.raises(PackageError) as caught:
        load_package(folder)
    assert str(caught.value).endswith(
        "check.click:1: While initializing 'NSHVerify@2 :: NSHVerify': "
        "keys.txt: No such file or directory (os error 2)"
    )
    (folder / "keys.txt").write_text("k1:" + "5a" * 32)
    assert load_package(folder).name == "keyed"


def test_values_of_parameters_reach_the_graph(tmp_path: Path) -> None:
    graph = "FromDevice(in) -> Queue($LIMIT) -> ToDevice(out);"
    assert load_package(hub(tmp_path, graph)).parameters[0].default == "5"
    (tmp_path / "vnf.yaml").write_text(
        ONE_COMPONENT.replace("integer, default: 5", "text, default: x")
    )
    [problem] = problems_of(tmp_path)
    assert problem.startswith("all.click:1: While configuring 'Queue@2 :: Queue': ")


def test_values_are_given_in_any_case_and_checked(tmp_path: Path) -> None:
    package = load_package(hub(tmp_path, "FromDevice(in) -> Queue -> ToDevice(out);"))
    assert parameter_values(package, {}) == {"LIMIT": "5", "NOTE": "a"}
    assert parameter_values(package, {"limit": "7"}) == {"LIMIT": "7", "NOTE": "a"}
    with pytest.raises(UsageError) as caught:
        parameter_values(package, {"LIMIT": "x"})
    assert caught.value.message == (
        "parameter LIMIT: 'x' is not of type integer; allowed: a whole number"
    )
    with pytest.raises(UsageError) as caught:
        parameter_values(package, {"LIMITS": "1"})
    assert caught.value.message == (
        "'hub' has no parameter 'LIMITS' (did you mean 'LIMIT'?); allowed: LIMIT, NOTE"
    )


def test_a_parameter_without_a_value_is_asked_for(tmp_path: Path) -> None:
    hub(tmp_path, "FromDevice(in) -> Queue($LIMIT) -> ToDevice(out);")
    (tmp_path / "vnf.yaml").write_text(ONE_COMPONENT.replace("integer, default: 5", "integer"))
    package = load_package(tmp_path)
    with pytest.raises(UsageError) as caught:
        parameter_values(package, {})
    assert (caught.value.message, caught.value.hint) == (
        "'hub' needs a value for: LIMIT",
        "add --set LIMIT=VALUE",
    )


def test_a_click_file_has_the_devices_it_names(tmp_path: Path) -> None:
    path = tmp_path / "fw.click"
    path.write_text("define($E c); FromDevice($D) -> Queue -> ToDevice(b); Idle -> ToDevice($E);")
    assert load_click_file(path, {"D": "a"}).interfaces == ("a", "b", "c")


def test_problems_of_a_click_file_name_it(tmp_path: Path) -> None:
    path = tmp_path / "fw.click"
    path.write_text("Idle -> Discard;\nx :: Nope(1);\n")
    with pytest.raises(PackageError) as caught:
        load_click_file(path, {})
    assert [str(problem) for problem in caught.value.problems] == [
        "fw.click:2: unknown element class 'Nope'"
    ]


def test_check_prints_every_problem_and_fails(
    wire: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["package", "check", "wire"]) == 0
    assert capsys.readouterr().out == "wire: no problems\n"
    (wire / "vnf.yaml").write_text("weft: 1\nvnf: wire\n")
    assert run(["package", "check", "wire"]) == 1
    assert capsys.readouterr().err == (
        "weft: wire: 3 problems\n"
        "  vnf.yaml:1: missing key 'components'\n"
        "  vnf.yaml:1: missing key 'interfaces'\n"
        "  vnf.yaml:1: missing key 'version'\n"
    )


def test_the_graph_of_a_package_is_shown(wire: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["package", "graph", "wire"]) == 0
    graph = graph_of(load_package(wire))
    assert capsys.readouterr().out == graph
    assert run(["package", "graph", "wire", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"graph": graph}
    (wire / "vnf.yaml").write_text("weft: 1")
    assert run(["package", "graph", "wire"]) == 1


@pytest.mark.usefixtures("invented")
def test_components_in_processes_do_not_run_on_files(capsys: pytest.CaptureFixture[str]) -> None:
    component = Component("x", "native", "x.native", isolate="process")
    package = Package("test", "1", (), (component,), ())
    with pytest.raises(UsageError) as caught:
        run_on_files(FunctionRequest(UUID(int=1), "test", package, (), ()))
    assert (caught.value.message, caught.value.hint) == (
        "'test' has components in processes: 'x'",
        "they need a sandbox: join an interface to something else than files, as root",
    )


def test_an_engine_that_is_not_there_is_told(wire: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_ENGINE", "/nowhere/weft-engine")
    with pytest.raises(EngineError, match="cannot run '/nowhere/weft-engine': No such file"):
        load_package(wire)
