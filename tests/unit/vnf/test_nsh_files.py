"""Rules and tables of service paths that stand in files of the package."""

from __future__ import annotations

from weft.model.package import Package, PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.manifest import read_manifest

HEAD = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\n"
PARAMETERS = "parameters:\n  MINE: {type: file, default: own paths}\n"
CLASSIFIER = 'nsh: {{role: classifier, mac: "02:00:00:00:00:01", rules: {}}}\n'
FORWARDER = "nsh: {{role: forwarder, table: {}}}\n"


def read(nsh: str) -> tuple[Package | None, list[str]]:
    """A package whose `nsh` is on line 5, with a file of paths."""
    text = HEAD + nsh + PARAMETERS
    package, problems = read_manifest(
        [PackageFile("vnf.yaml", text.encode()), PackageFile("own paths", b"")]
    )
    return package, [str(problem).removeprefix("vnf.yaml:") for problem in problems]


def graph(nsh: str) -> str:
    package, problems = read(nsh)
    assert package is not None, problems
    return graph_of(package)


def test_a_file_has_the_rules_of_a_classifier() -> None:
    assert 'nsh :: NSHClassifier(FILE "own paths", NEXT ethernet, MTU 1500);' in graph(
        CLASSIFIER.format("own paths")
    )
    assert "nsh :: NSHClassifier(FILE $MINE, NEXT ethernet, MTU 1500);" in graph(
        CLASSIFIER.format("$MINE")
    )
    # Its longest header is taken to be one with a context of 16 bytes.
    assert "MTU 1462, TAGS true" in graph(CLASSIFIER.format("$MINE"))


def test_a_file_has_the_table_of_a_forwarder() -> None:
    assert 'nsh :: NSHForwarder(FILE "own paths");' in graph(FORWARDER.format("own paths"))
    assert "nsh :: NSHForwarder(FILE $MINE);" in graph(FORWARDER.format("$MINE"))


def test_what_is_no_file_of_the_package_is_told() -> None:
    assert read(CLASSIFIER.format("none.txt"))[1] == [
        "5: nsh: rules: no file 'none.txt' in the package; allowed: own paths"
    ]
    assert read(FORWARDER.format("$OTHER"))[1] == [
        "5: nsh: table: no parameter 'OTHER'; allowed: MINE"
    ]
    assert read(FORWARDER.format("{a: b}"))[1] == ["5: nsh: table: a list is needed, not a mapping"]
