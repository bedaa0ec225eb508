"""The entries of components: all keys, what each allows, and for whom."""

from __future__ import annotations

import pytest

from weft.model.package import Component, Package, PackageFile, ProgramInterface, Resources
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.manifest import read_manifest

pytestmark = pytest.mark.usefixtures("invented")

HEAD = "weft: 1\nvnf: test\nversion: 1.0.0\ninterfaces: [in]\npath: in -> x -> in\ncomponents:\n"
PROCESS_KEYS = "arguments, environment, resources, isolate, fallback, hold, limit, capacity"


def read(entry: str, name: str = "x") -> tuple[Package | None, list[str]]:
    """A package with one component whose entry begins on line 7."""
    files = [
        PackageFile("vnf.yaml", f"{HEAD.replace('-> x', f'-> {name}')}  {name}: {entry}".encode()),
        PackageFile("x.native", b""),
        PackageFile("x.click", b"input -> output;"),
    ]
    package, problems = read_manifest(files)
    return package, [str(problem).removeprefix("vnf.yaml:") for problem in problems]


def component(entry: str) -> Component:
    package, problems = read(entry)
    assert package is not None, problems
    return package.components[0]


def test_defaults() -> None:
    assert component("{framework: native, file: x.native}") == Component(
        name="x",
        framework="native",
        file="x.native",
        isolate="process",
        fallback="drop",
        hold=4096,
        limit_s=1.0,
        capacity=512,
        line=7,
    )
    assert component("{framework: click, file: x.click}") == Component(
        "x", "click", "x.click", line=7
    )
    assert component("{framework: box, command: p}").interfaces == (ProgramInterface("eth0"),)


def test_all_keys() -> None:
    entry = """
    framework: native
    file: x.native
    arguments: [--fast, 5, ""]
    environment: {MODE: quick, EMPTY: ""}
    resources: {cpu: 0.5, memory: 64MiB}
    isolate: private
    fallback: hold
    hold: 100
    limit: 500ms
    capacity: 1024
    requirements: [one, two]
    main: Main"""
    assert component(entry) == Component(
        name="x",
        framework="native",
        file="x.native",
        arguments=("--fast", "5", ""),
        environment=(("MODE", "quick"), ("EMPTY", "")),
        resources=Resources(0.5, 64 * 2**20),
        isolate="private",
        fallback="hold",
        hold=100,
        limit_s=0.5,
        capacity=1024,
        requirements=("one", "two"),
        options=(("main", ("Main",)),),
        line=7,
    )


def test_inline_click_text_knows_its_line() -> None:
    found = component("\n    framework: click\n    text: |\n      input ->\n      output;\n")
    assert (found.file, found.text, found.text_line) == ("", "input ->\noutput;\n", 10)


@pytest.mark.parametrize(
    ("word", "meaning"), [("true", "process"), ("private", "private"), ("false", "none")]
)
def test_click_is_isolated_as_asked(word: str, meaning: str) -> None:
    assert component(f"{{framework: click, file: x.click, isolate: {word}}}").isolate == meaning


def test_a_program_has_devices_named_after_it() -> None:
    found = component("{framework: box, command: [p, -x, ''], interfaces: [eth0, wan, lan]}")
    assert found.devices == ("x", "x.1", "x.2")
    assert found.option("command") == ("p", "-x", "")
    assert found.option("other") == ()


def test_interfaces_of_a_program_have_addresses() -> None:
    entry = """
    framework: box
    command: p
    interfaces:
      lan: {address: [10.0.0.1/24, "fd00:0::1/64"], gateway: [10.0.0.254, fe80::1], mtu: 1400}
      wan: {address: 192.0.2.0/31}
      dmz: {}
      more:"""
    assert component(entry).interfaces == (
        ProgramInterface("lan", ("10.0.0.1/24", "fd00::1/64"), ("10.0.0.254", "fe80::1"), 1400),
        ProgramInterface("wan", ("192.0.2.0/31",)),
        ProgramInterface("dmz"),
        ProgramInterface("more"),
    )


NATIVE = "{framework: native, file: x.native, "
CLICK = "{framework: click, file: x.click, "
BOX = "{framework: box, command: p, "
SETTINGS = "components: x: interfaces: a: "
NUMBERS = "allowed: a whole number from"


@pytest.mark.parametrize(
    ("entry", "problems"),
    [
        (
            "{framework: nativ, file: y}",
            [
                "7: components: x: file: no file 'y' in the package; allowed: x.click, x.native",
                "7: components: x: framework: 'nativ' is not known (did you mean 'native'?); "
                f"allowed: {', '.join([*FRAMEWORKS, 'native', 'box'])}",
            ],
        ),
        ("{file: x.native}", ["7: components: x: missing key 'framework'"]),
        ("x.native", ["7: components: x: a mapping is needed, not a single value"]),
        ("{framework: native}", ["7: components: x: missing key 'file'"]),
        (
            NATIVE + "interfaces: [a]}",
            [
                "7: components: x: unknown key 'interfaces'; allowed: framework, file, "
                f"requirements, main, {PROCESS_KEYS}"
            ],
        ),
        (
            BOX + "fallback: drop}",
            [
                "7: components: x: unknown key 'fallback'; allowed: framework, command, "
                "interfaces, resources"
            ],
        ),
        ("{framework: click}", ["7: components: x: missing key 'file' or 'text'"]),
        (CLICK + "text: a}", ["7: components: x: 'file' and 'text' exclude each other"]),
        (
            CLICK + "limit: 2s, hold: 5, fallback: hold, resources: {cpu: 1}}",
            [
                f"7: components: x: {key}: only with 'isolate: true', in a process of its own"
                for key in ("fallback", "hold", "limit", "resources")
            ],
        ),
        (NATIVE + "hold: 5}", ["7: components: x: hold: only with 'fallback: hold'"]),
        (
            NATIVE + "fallback: hold, hold: 0}",
            [f"7: components: x: hold: '0' is not valid; {NUMBERS} 1 to 65536"],
        ),
        (
            NATIVE + "capacity: 0}",
            [f"7: components: x: capacity: '0' is not valid; {NUMBERS} 1 to 16384"],
        ),
        (
            NATIVE + "limit: 5}",
            [
                "7: components: x: limit: '5' is not valid; allowed: a number with one of us, ms, "
                "s, min, from 1ms to 60min, as in 500ms"
            ],
        ),
        (
            NATIVE + "fallback: wait}",
            ["7: components: x: fallback: 'wait' is not known; allowed: drop, bypass, hold"],
        ),
        (
            NATIVE + "isolate: false}",
            ["7: components: x: isolate: 'false' is not known; allowed: true, private"],
        ),
        (
            NATIVE + "arguments: a}",
            ["7: components: x: arguments: a list is needed, not a single value"],
        ),
        (
            NATIVE + 'arguments: ["\\0", [a]]}',
            [
                "7: components: x: arguments: a single value is needed, not a list",
                "7: components: x: arguments: a zero byte is not allowed",
            ],
        ),
        (
            NATIVE + "environment: {1A: b, WEFT_X: c, PATH: d}}",
            [
                "7: components: x: environment: '1A' is not valid; allowed: a letter or _, then "
                "letters, digits and _",
                "7: components: x: environment: 'PATH' is set by weft; choose another",
                "7: components: x: environment: 'WEFT_X' is set by weft; choose another",
            ],
        ),
        (
            NATIVE + "resources: {cpu: 0, memory: 1}}",
            [
                "7: components: x: resources: cpu: '0' is not valid; allowed: a number of cores "
                "above 0 and at most 1024, as in 0.5",
                "7: components: x: resources: memory: '1' is not valid; allowed: a number with "
                "one of KiB, MiB, GiB, kB, MB, GB, at least 8MiB, as in 64MiB",
            ],
        ),
        (NATIVE + "requirements: []}", ["7: components: x: requirements: at least one is needed"]),
        (NATIVE + "main: bad}", ["7: 'x' is bad"]),
        (
            BOX + "interfaces: [lo, a, a]}",
            [
                "7: components: x: interfaces: 'a' is given twice",
                "7: components: x: interfaces: 'lo' is there already",
            ],
        ),
        (
            BOX + "interfaces: 5}",
            [
                "7: components: x: interfaces: a list of names, or a mapping of names, is "
                "needed, not a single value"
            ],
        ),
        (
            BOX + "interfaces: {a: {address: 10.0.0.0/24, gateway: 10.0.0.9, mtu: 60}, a: {}}}",
            [
                "7: components: x: interfaces: 'a' is given twice",
                f"7: {SETTINGS}address: '10.0.0.0/24' is not valid; allowed: an address of one "
                "host with the length of its prefix, as in 10.0.0.1/24 or fd00::1/64",
                f"7: {SETTINGS}gateway: '10.0.0.9' lies in no network of 'a'",
                f"7: {SETTINGS}mtu: '60' is not valid; allowed: a whole number from 68 to 65535",
            ],
        ),
        (
            BOX + "interfaces: {a: {address: [fd00::1/64, fd00::1/48], mtu: 1279, adress: 1}}}",
            [
                f"7: {SETTINGS}address: 'fd00::1' is given twice",
                f"7: {SETTINGS}mtu: '1279' is not valid; allowed: a whole number from 1280 to 65535",
                f"7: {SETTINGS}unknown key 'adress' (did you mean 'address'?); allowed: address, "
                "gateway, mtu",
            ],
        ),
        (
            BOX + "interfaces: {b: {address: 10.0.0.1/8, gateway: 10.0.0.2}, "
            "a: {address: 10.1.0.1/16, gateway: [10.1.0.2, x, 10.1.0.1]}}}",
            [
                f"7: {SETTINGS}gateway: '10.1.0.1' lies in no network of 'a'",
                f"7: {SETTINGS}gateway: 'x' is not valid; allowed: an address, as in 10.0.0.254 "
                "or fd00::fe",
                f"7: {SETTINGS}gateway: IPv4 has a default route already, by 'b'",
            ],
        ),
        (BOX + "interfaces: []}", ["7: components: x: interfaces: at least one is needed"]),
        (
            BOX + f"interfaces: [{', '.join(f'e{n}' for n in range(17))}]}}",
            ["7: components: x: interfaces: at most 16 are allowed"],
        ),
    ],
)
def test_problems_of_an_entry(entry: str, problems: list[str]) -> None:
    assert read(entry) == (None, problems)


@pytest.mark.parametrize(
    ("name", "entry", "problem"),
    [
        (
            "sixteen_letters_",
            BOX + "}",
            "device 'sixteen_letters_' is too long; allowed: 15 characters",
        ),
        (
            "fifteen_letters",
            BOX + "interfaces: [a, b]}",
            "device 'fifteen_letters.1' is too long; allowed: 15 characters",
        ),
        ("lo", BOX + "}", "device 'lo' is there already; choose another name"),
    ],
)
def test_devices_of_programs_have_names_the_kernel_takes(
    name: str, entry: str, problem: str
) -> None:
    assert read(entry, name) == (None, [f"7: components: {name}: {problem}"])


def test_names_fit_the_click_language_and_are_bounded() -> None:
    for word in ("input", "elementclass"):
        assert read(NATIVE + "}", word) == (
            None,
            [f"7: components: '{word}' is a word of the Click language"],
        )
    assert (
        "7: components: 'a-b' is not valid; allowed: a letter or _, then letters, digits and _"
        in (read(NATIVE + "}", "a-b")[1])
    )
    assert read(NATIVE + "}", "x" * 49) == (
        None,
        [f"7: components: '{'x' * 49}' is too long; allowed: 48 characters at most"],
    )


def test_a_component_in_a_process_needs_a_path() -> None:
    files = [
        PackageFile("vnf.yaml", f"{HEAD}  x: {NATIVE}}}".replace("path:", "description:").encode()),
        PackageFile("x.native", b""),
    ]
    assert [str(problem) for problem in read_manifest(files)[1]] == [
        "vnf.yaml:6: missing key 'path'; it is needed with a component in a process, as 'x' is"
    ]


def test_variables_of_processes_are_not_parameters() -> None:
    parameters = (
        "\nparameters:\n  key_x: {type: text}\n  UID_X: {type: text}\n  uid_y: {type: text}"
    )
    assert read(NATIVE + "}" + parameters)[1] == [
        "9: parameters: 'key_x' belongs to a component; choose another",
        "10: parameters: 'UID_X' belongs to a component; choose another",
    ]
    assert read(CLICK + "}" + parameters)[1] == []


def test_circles_end_at_a_queue_in_a_click_component() -> None:
    def circle(text: str) -> list[str]:
        path = HEAD.replace("in -> x -> in", "in -> x -> y -> x; x[1] -> in")
        entries = f"  x: {NATIVE}}}\n  y: {{framework: click, text: '{text}'}}\n"
        files = [PackageFile("vnf.yaml", (path + entries).encode()), PackageFile("x.native", b"")]
        return [str(problem) for problem in read_manifest(files)[1]]

    assert circle("input -> Paint(1) -> output;") == [
        "vnf.yaml:5: path: 'x' -> 'y' -> 'x' goes round in a circle without a queue"
    ]
    assert circle("input -> Queue -> Unqueue -> output;") == []
