"""The syntax of a path."""

from __future__ import annotations

import pytest

from weft.vnf.graph import check_graph
from weft.vnf.path import Connection, parse_path


def connections(text: str) -> list[tuple[str, int, str, int]]:
    path = parse_path(text)
    assert path.errors == []
    return [item[:4] for item in path.connections]


def errors(text: str) -> list[str]:
    return [f"{line}: {message}" for line, message in parse_path(text).errors]


def test_a_line_with_ports_and_comments() -> None:
    path = parse_path("in -> [0] a [1] -> x; // rest\n/* b\n*/ x[1] -> out")
    assert path.errors == []
    assert path.connections == [
        Connection("in", 0, "a", 0, 1),
        Connection("a", 1, "x", 0, 1),
        Connection("x", 1, "out", 0, 3),
    ]
    assert path.names == {"in": 1, "a": 1, "x": 1, "out": 3}
    assert [set(path.inputs("a")), set(path.outputs("a"))] == [{0}, {1}]
    assert [set(path.sources), set(path.targets)] == [{"in", "a", "x"}, {"a", "x", "out"}]


CASES = [
    ("a -> b c -> d", [("a", 0, "b", 0), ("c", 0, "d", 0)]),
    ("a, b[2] -> m", [("a", 0, "m", 0), ("b", 2, "m", 0)]),
    ("a -> [1]m", [("a", 0, "m", 1)]),
    ("s[0, 2] => a, [1]b", [("s", 0, "a", 0), ("s", 2, "b", 1)]),
    (
        "s[0, 1] => a, [1]b; s[2-3] => b, b",
        [("s", 0, "a", 0), ("s", 1, "b", 1), ("s", 2, "b", 0), ("s", 3, "b", 0)],
    ),
    ("s => a, b", [("s", 0, "a", 0), ("s", 1, "b", 0)]),
    ("a, b => m", [("a", 0, "m", 0), ("b", 0, "m", 1)]),
    ("s[0-2] => [3 - 5]m", [("s", 0, "m", 3), ("s", 1, "m", 4), ("s", 2, "m", 5)]),
    ("a => b", [("a", 0, "b", 0)]),
    (
        "in -> [0]f[0] -> out; out -> [1]f[1] -> in",
        [("in", 0, "f", 0), ("f", 0, "out", 0), ("out", 0, "f", 1), ("f", 1, "in", 0)],
    ),
    (";;", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_connections(text: str, expected: list[tuple[str, int, str, int]]) -> None:
    assert connections(text) == expected


def has_gaps(text: str) -> bool:
    """Whether ports below others are left out, which the engine refuses."""
    path = parse_path(text)
    used = [side(name) for side in (path.inputs, path.outputs) for name in path.names]
    return any(ports != set(range(len(ports))) for ports in used)


@pytest.mark.parametrize("text", [text for text, _ in CASES if not has_gaps(text)])
def test_the_engine_reads_the_same_connections(text: str) -> None:
    names = sorted(parse_path(text).names)
    report = check_graph("".join(f"{name} :: Idle;\n" for name in names) + text, {}, ())
    assert report.problems == ()
    flat = report.flat
    chains = "".join(line for line in flat.splitlines(keepends=True) if "::" not in line)
    assert sorted(connections(chains)) == sorted(connections(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a -> -> b", ["1: a name is needed before '->'"]),
        ("-> b", ["1: a name is needed before '->'"]),
        ("a ->\n;", ["1: a name is needed after '->'"]),
        ("a -> b => ", ["1: a name is needed after '=>'"]),
        ("a, -> b", ["1: a name is needed after ','"]),
        (", a -> b", ["1: a name is needed before ','"]),
        ("a -> b\nc", ["2: 'c' is connected to nothing; use '->'"]),
        ("a -> [1] -> b", ["1: a name is needed behind '[1]'", "1: a name is needed before '->'"]),
        ("[1]a -> b", ["1: input 1 of 'a' needs '->' before it"]),
        ("a -> b[2]", ["1: output 2 of 'b' needs '->' after it"]),
        ("a, b -> c, d", ["1: several outputs into several inputs need '=>'"]),
        ("a, b => c, d, e", ["1: 2 outputs into 3 inputs: there must be as many of each"]),
        (
            "a\n[x] -> b",
            ["2: '[x]' names no ports; allowed: numbers and ranges, as in [1], [0, 2], [0-3]"],
        ),
        (
            "a[256] -> b",
            ["1: '[256]' names no ports; allowed: 0 to 255, the lower number first"],
        ),
        ("a[2-1] -> b", ["1: '[2-1]' names no ports; allowed: 0 to 255, the lower number first"]),
        (
            "a -> b-c",
            [
                "1: 'c' is connected to nothing; use '->'",
                "1: unexpected '-'; allowed: names, '->', '=>', '[port]', ',', ';' and comments",
            ],
        ),
        (
            "a :: B -> c",
            [
                *["1: unexpected ':'; allowed: names, '->', '=>', '[port]', ',', ';' and comments"]
                * 2,
                "1: 'a' is connected to nothing; use '->'",
            ],
        ),
    ],
)
def test_wrong_syntax_is_told(text: str, expected: list[str]) -> None:
    assert sorted(errors(text)) == sorted(expected)


def test_connections_are_bounded() -> None:
    text = "a[0-255] -> b;\n" * 17
    assert errors(text) == ["17: more than 4096 connections"]


def test_the_order_in_which_packets_meet_names() -> None:
    path = parse_path("in -> c -> a -> out; c[1] -> d; out -> b -> in; e -> f")
    assert path.met_from(["in", "out"]) == ["in", "out", "c", "b", "a", "d"]
