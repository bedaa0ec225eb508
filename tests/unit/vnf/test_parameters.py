"""`${NAME}` in components and files as values: where they go, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weft.errors import PackageError, UsageError
from weft.model.package import PackageFile
from weft.vnf.package import load_package, parameter_values
from weft.vnf.parameters import bound, check_values, given_files, with_given_files
from weft.vnf.references import substituted

if TYPE_CHECKING:
    from pathlib import Path

    from weft.model.package import Package

MANIFEST = """\
weft: 1
vnf: server
version: 1.0.0
interfaces: [in]
components:
  server:
    framework: program
    command: [sh, -c, "serve ${ROOM} $HOME $${LATER}"]
    arguments: ["--table=${table}"]
    environment: {FIRST: "${ADDRESS}"}
    interfaces: {eth0: {address: "${ADDRESS}", gateway: "${ROUTER}"}}
path: in -> server -> in
parameters:
  ROOM: {type: integer, default: 5}
  ADDRESS: {type: prefix, default: 10.0.0.1/24}
  ROUTER: {type: ip, default: 10.0.0.254}
  TABLE: {type: file, default: table.txt}
"""


def package(folder: Path, manifest: str = MANIFEST) -> Package:
    (folder / "vnf.yaml").write_text(manifest)
    (folder / "table.txt").write_text("none\n")
    return load_package(folder)


def values(package: Package, **given: str) -> dict[str, str]:
    return {item.name: item.default or "" for item in package.parameters} | given


@pytest.mark.parametrize("value", ["a\0", "\udcff"])
def test_what_is_no_text_is_no_value(tmp_path: Path, value: str) -> None:
    note = "  NOTE: {type: text, default: none}\n"
    with pytest.raises(UsageError) as caught:
        parameter_values(package(tmp_path, MANIFEST + note), {"NOTE": value})
    assert caught.value.message == (
        f"parameter NOTE: '{value}' is not of type text; allowed: any text in UTF-8"
    )


def test_parameters_reach_a_program(tmp_path: Path) -> None:
    made = package(tmp_path)
    component = bound(made.components[0], values(made, ROOM="7", ADDRESS="10.0.7.1/16"))
    [interface] = component.interfaces
    assert component.option("command") == ("sh", "-c", "serve 7 $HOME ${LATER}")
    assert component.arguments == ("--table=table.txt",)
    assert component.environment == (("FIRST", "10.0.7.1/16"),)
    assert interface.addresses == ("10.0.7.1/16",)
    assert interface.gateways == ("10.0.0.254",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"ADDRESS": "10.0.0.0/24"},
            "parameter ADDRESS: '10.0.0.0/24' is not valid; allowed: an address of one host with the "
            "length of its prefix, as in 10.0.0.1/24 or fd00::1/64",
        ),
        (
            {"ROUTER": "0.0.0.0"},
            "parameter ROUTER: '0.0.0.0' is not valid; allowed: an address, as in 10.0.0.254 or fd00::fe",
        ),
        (
            {"ROUTER": "10.0.1.254"},
            "parameter ROUTER: '10.0.1.254' is not valid; it lies in no network of 'eth0'",
        ),
        ({"TABLE": "other.txt"}, "parameter TABLE: no file 'other.txt' in the package"),
    ],
)
def test_values_that_a_component_cannot_have_are_refused(
    tmp_path: Path, given: dict[str, str], message: str
) -> None:
    made = package(tmp_path)
    with pytest.raises(UsageError) as caught:
        check_values(made, values(made, **given))
    assert caught.value.message == message


def test_unknown_names_are_told_with_those_there_are(tmp_path: Path) -> None:
    text = MANIFEST.replace("${ROOM}", "${ROOMS}").replace(
        'gateway: "${ROUTER}"', 'gateway: "${R}"'
    )
    with pytest.raises(PackageError) as caught:
        package(tmp_path, text)
    allowed = "allowed: ROOM, ADDRESS, ROUTER, TABLE; for '${' itself write '$${'"
    assert [str(problem) for problem in caught.value.problems] == [
        f"vnf.yaml:8: components: server: command: no parameter 'ROOMS' (did you mean 'ROOM'?); {allowed}",
        "vnf.yaml:11: components: server: interfaces: eth0: gateway: no parameter 'R'; " + allowed,
    ]


def test_a_value_that_is_not_given_yet_stays_as_written() -> None:
    assert substituted("a ${A} $${A} $A ${B}", {"a": "1"}) == "a 1 ${A} $A ${B}"


def test_a_file_from_outside_becomes_one_of_the_package(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    made = package(folder)
    (tmp_path / "mine").write_text("all\n")
    with_it, settings = with_given_files(made, {"table": str(tmp_path / "mine")})
    assert settings == {"table": "given/TABLE"}
    assert with_it.text_of("given/TABLE") == "all\n"
    assert with_given_files(made, {"table": "table.txt"})[1] == {"table": "table.txt"}
    newer = (PackageFile("vnf.yaml", b"newer"),)
    assert given_files(newer, with_it.files) == (*newer, PackageFile("given/TABLE", b"all\n"))


def test_a_file_that_is_nowhere_is_told(tmp_path: Path) -> None:
    made = package(tmp_path)
    for path, why in (("/nowhere", "No such file or directory"), ("/", "not a plain file")):
        with pytest.raises(UsageError) as caught:
            with_given_files(made, {"TABLE": path})
        assert caught.value.message == f"parameter TABLE: '{path}': {why}"
        assert caught.value.hint == (
            "give the name of a file of the package, or the path of a file here"
        )
