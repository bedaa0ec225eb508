"""`vnf.yaml`: every problem at once, each with its line and what is allowed."""

from __future__ import annotations

from textwrap import dedent

import pytest

from weft.model.package import Package, PackageFile, Resources
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.manifest import read_manifest

GOOD = """\
weft: 1
vnf: wire
version: 1.0.0
interfaces: [in, out]
components:
  counter: {framework: click, file: counter.click}
path: |
  in -> counter -> out
  out -> in
parameters:
  limit: {type: integer, default: 5}
resources: {cpu: 0.5, memory: 64MiB}
sandbox: auto
"""


def read(text: str) -> tuple[Package | None, list[str]]:
    files = [
        PackageFile("vnf.yaml", dedent(text).encode()),
        PackageFile("counter.click", b"input -> output;"),
    ]
    package, problems = read_manifest(files)
    return package, [str(problem) for problem in problems]


def problems_after(old: str, new: str) -> list[str]:
    assert old in GOOD
    package, problems = read(GOOD.replace(old, new))
    assert package is None
    return problems


def test_interfaces_may_name_their_drivers() -> None:
    mapping = "{in: {driver: af_xdp}, out: {driver: af_packet}}"
    package, problems = read(GOOD.replace("[in, out]", mapping))
    assert problems == []
    assert package is not None
    assert package.interfaces == ("in", "out")
    assert package.drivers == (("in", "af_xdp"), ("out", "af_packet"))


def test_a_package_tells_of_its_licence_its_changes_and_its_labels() -> None:
    about = (
        "license: counter.click\nchangelog: counter.click\nreleased: 2026-03-31T12:00:00+02:00\n"
        "labels: {tier: edge, rack: 7}\n"
    )
    package, problems = read(GOOD + about)
    assert problems == []
    assert package is not None
    assert (package.license, package.changelog) == ("counter.click", "counter.click")
    assert package.released == "2026-03-31T12:00:00+02:00"
    assert package.labels == (("tier", "edge"), ("rack", "7"))


def test_what_a_package_tells_of_itself_is_checked() -> None:
    wrong = (
        "sandbox: auto\nlicense: COPYING\nchangelog: [a]\nreleased: 2026-02-30\n"
        "labels: {tier: 'a=b', '-x': y, z: }\n"
    )
    label = "letters, digits and _ . -, 63 at most, the first a letter or digit"
    assert problems_after("sandbox: auto\n", wrong) == [
        "vnf.yaml:14: license: no file 'COPYING' in the package; allowed: counter.click",
        "vnf.yaml:15: changelog: a single value is needed, not a list",
        "vnf.yaml:16: released: '2026-02-30' is not valid; allowed: a date, or a time with its zone, "
        "as in 2026-03-31 or 2026-03-31T12:00:00+02:00",
        f"vnf.yaml:17: labels: '-x' is not valid; allowed: {label}",
        f"vnf.yaml:17: labels: tier: 'a=b' is not valid; allowed: {label}",
        "vnf.yaml:17: labels: z: a value is needed",
    ]


def test_good_manifest_is_read_whole() -> None:
    package, problems = read(GOOD)
    assert problems == []
    assert package is not None
    assert (package.name, package.version, package.interfaces) == ("wire", "1.0.0", ("in", "out"))
    assert package.components[0].file == "counter.click"
    assert (package.path, package.path_line) == ("in -> counter -> out\nout -> in\n", 8)
    assert package.parameters[0].default == "5"
    assert package.resources == Resources(0.5, 64 * 2**20)


def test_missing_manifest() -> None:
    package, problems = read_manifest([PackageFile("a.click", b"")])
    assert package is None
    assert [str(p) for p in problems] == [
        "vnf.yaml: missing; a package is a folder or zip with this file"
    ]


def test_every_problem_is_reported_at_once() -> None:
    package, problems = read("""\
        weft: 2
        vnf: Bad_Name
        interfaces: [in, in, "x y"]
        componets: {}
        components:
          a: {framework: clik, file: nope.click, x: 1}
          b: {framework: click}
        path: in -> b -> out
        sandbox: docker
        """)
    assert package is None
    assert problems == [
        "vnf.yaml:1: missing key 'version'",
        "vnf.yaml:1: weft: '2' is not known; allowed: 1",
        "vnf.yaml:2: vnf: 'Bad_Name' is not valid; allowed: lower-case words joined by hyphens, "
        "as in l7-firewall, 63 characters at most",
        "vnf.yaml:3: interfaces: 'in' is given twice",
        "vnf.yaml:3: interfaces: 'x y' is not valid; allowed: a letter or _, then letters, digits "
        "and _, 15 characters at most",
        "vnf.yaml:4: unknown key 'componets' (did you mean 'components'?); allowed: weft, vnf, "
        "version, provider, description, license, changelog, released, labels, interfaces, nsh, "
        "components, path, parameters, resources, sandbox",
        "vnf.yaml:6: components: a: file: no file 'nope.click' in the package (did you mean "
        "'counter.click'?); allowed: counter.click",
        "vnf.yaml:6: components: a: framework: 'clik' is not known (did you mean 'click'?); "
        f"allowed: {', '.join(FRAMEWORKS)}",
        "vnf.yaml:7: components: b: missing key 'file' or 'text'",
        "vnf.yaml:8: path: component 'a' is not connected",
        "vnf.yaml:8: path: unknown name 'out'; allowed: in, a, b",
        "vnf.yaml:9: sandbox: 'docker' is not known; allowed: auto, process",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("version: 1.0.0", "version: [1]", "3: version: a single value is needed, not a list"),
        ("version: 1.0.0", "version:", "3: version: a value is needed"),
        ("[in, out]", "in", "4: interfaces: a list is needed, not a single value"),
        (
            "[in, out]",
            "[in, out, input]",
            "4: interfaces: 'input' is a word of the Click language",
        ),
        (
            "interfaces: [in, out]",
            "interfaces: [in, out]\ninterfaces: [a]",
            "5: key 'interfaces' is given twice, first on line 4",
        ),
        (
            "[in, out]",
            "{in: {driver: dpdk}, out: }",
            "4: interfaces: in: driver: 'dpdk' is not known; allowed: af_packet, af_xdp",
        ),
        (
            "[in, out]",
            "{in: {drivers: af_xdp}, out: }",
            "4: interfaces: in: unknown key 'drivers' (did you mean 'driver'?); allowed: driver",
        ),
        ("-> counter -> out", "-> out", "7: path: component 'counter' is not connected"),
        (
            "-> counter ->",
            "-> countr ->",
            "8: path: unknown name 'countr' (did you mean 'counter'?)",
        ),
        ("out -> in", "out -> -> in", "9: path: a name is needed before '->'"),
        ("out -> in", "out ->", "9: path: a name is needed after '->'"),
        ("out -> in", "out -> in; in", "9: path: 'in' is connected to nothing; use '->'"),
        (
            "out -> in",
            "out = in",
            "9: path: unexpected '='; allowed: names, '->', '=>', '[port]', ',', ';' and comments",
        ),
        (
            "default: 5",
            "default: five",
            "11: parameters: limit: default: 'five' is not of type integer; allowed: a whole number",
        ),
        (
            "type: integer, ",
            "type: int, ",
            "11: parameters: limit: type: 'int' is not known (did you mean 'integer'?)",
        ),
        (
            "  limit: {type: integer, default: 5}",
            "  limit: {type: integer}\n  LIMIT: {type: text}",
            "12: parameters: 'LIMIT' differs from 'limit' only in case",
        ),
        ("cpu: 0.5", "cpu: 0", "12: resources: cpu: '0' is not valid; allowed: a number of cores"),
        ("64MiB", "64", "12: resources: memory: '64' is not valid; allowed: a number with one of"),
        ("64MiB", "1MiB", "12: resources: memory: '1MiB' is not valid; allowed: a number with one"),
        ("sandbox: auto", "sandbox: *x", "13: not YAML: found undefined alias 'x'"),
        (
            "sandbox: auto",
            "sandbox: auto\nnsh: proxi",
            "14: nsh: 'proxi' is not known (did you mean 'proxy'?); allowed: none, proxy, aware, "
            "internal, classifier, forwarder",
        ),
    ],
)
def test_problem_is_placed_and_told(old: str, new: str, problem: str) -> None:
    problems = problems_after(old, new)
    assert any(line.startswith(f"vnf.yaml:{problem}") for line in problems), problems


def test_two_components_need_a_path() -> None:
    text = GOOD.replace("path: |\n  in -> counter -> out\n  out -> in\n", "").replace(
        "click}\n", "click}\n  other: {framework: click, file: counter.click}\n"
    )
    assert read(text)[1] == [
        "vnf.yaml:5: missing key 'path'; it is needed with more than one component"
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "vnf.yaml:1: empty; a package description was expected"),
        (b"weft: 1\nvnf: \xff", "vnf.yaml:2: not UTF-8 text"),
        (b"weft: [", "vnf.yaml:1: not YAML: "),
        (b"a: &x 1\nb: *x", "vnf.yaml:1: YAML aliases (*name) are not allowed here"),
        (b"? [a]\n: 1", "vnf.yaml:1: a key must be a single value, not a list"),
        (b"[" * 20000, "vnf.yaml:1: nested too deeply"),
        (b"x" * 300_000, "vnf.yaml: larger than 256 KiB"),
        (b"weft: \x00", "vnf.yaml:1: not YAML: "),
        (b"- 1", "vnf.yaml:1: a mapping is needed, not a list"),
    ],
)
def test_unreadable_manifest_is_one_problem(content: bytes, problem: str) -> None:
    package, problems = read_manifest([PackageFile("vnf.yaml", content)])
    assert package is None
    assert len(problems) == 1
    assert str(problems[0]).startswith(problem)
