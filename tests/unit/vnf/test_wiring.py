"""What is found wrong with a path before anything starts."""

from __future__ import annotations

import pytest

from weft.model.package import Component, ProgramInterface
from weft.vnf.path import parse_path
from weft.vnf.wiring import stores_packets, wiring_problems

COMPONENTS = {
    **{name: Component(name, "c", f"{name}.c", isolate="process") for name in ("a", "b", "c")},
    "box": Component(
        "box", "program", interfaces=(ProgramInterface("eth0"), ProgramInterface("eth1"))
    ),
    "queue": Component("queue", "click", "queue.click"),
    "broken": None,
}
WIRED = "in -> out; out -> in; "


def problems(text: str, *used: str) -> list[str]:
    components = {name: COMPONENTS[name] for name in used}
    queues = {"box", "queue", "broken"} & set(used)
    found = wiring_problems(parse_path(text), ("in", "out"), components, queues)
    return [f"{line}: {message}" for line, message in found]


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("in -> a -> out; out -> in", "a"),
        ("in -> a -> out; out -> b -> in", "ab"),
        ("in -> [0]a[0] -> out; out -> [1]a[1] -> in", "a"),
        ("in -> [0]a[0] -> [0]b[0] -> out; out -> [1]b[1] -> [1]a[1] -> in", "ab"),
        ("in -> a -> b -> [1]a[1] -> out; out -> in", "ab"),
        ("in, out -> a; a[0-1] => out, in", "a"),
        ("in -> a; a[1] -> b -> out; a -> out; out -> in", "ab"),
        ("in -> a; out -> in", "a"),
        ("a -> out; out -> in", "a"),
        ("in -> in; out -> out", ""),
        ("in -> a -> b -> out; a -> b; out -> in", "ab"),
    ],
)
def test_good_paths(text: str, used: str) -> None:
    assert problems(text, *used) == []


def test_programs_and_queues_end_a_circle() -> None:
    assert problems(f"{WIRED} a -> [1]box; box[1] -> a; box -> [0]box", "a", "box") == []
    assert problems(f"{WIRED} a -> queue -> a", "a", "queue") == []


def test_names_are_known_and_all_connected() -> None:
    assert problems("in -> aa -> out", "a", "b") == [
        "1: unknown name 'aa' (did you mean 'a'?); allowed: in, out, a, b",
        "0: component 'a' is not connected",
        "0: component 'b' is not connected",
    ]
    assert problems("in -> a", "a") == ["0: interface 'out' is not connected"]


def test_wrong_syntax_hides_what_would_follow_from_it() -> None:
    assert problems("in -> -> out; x -> in", "a") == [
        "1: a name is needed before '->'",
        "1: unknown name 'x'; allowed: in, out, a",
    ]


def test_an_interface_has_one_input_and_one_output() -> None:
    assert problems("in[1] -> out\nout -> [2]in; out -> [2]in") == [
        "1: interface 'in' has no output 1; an interface has one input and one output",
        "2: interface 'in' has no input 2; an interface has one input and one output",
    ]


def test_a_program_has_the_ports_of_its_interfaces() -> None:
    assert problems(f"{WIRED}\nbox[0-2] -> [0]box", "box") == [
        "2: 'box' has no output 2; it has 2 interfaces",
    ]
    assert problems(f"{WIRED} box[1] -> [1]box", "box") == []


def test_ports_are_connected_without_gaps() -> None:
    assert problems("in -> a;\nout -> in; a[2] -> out; a[6] -> out; in -> [1]b", "a", "b") == [
        "1: outputs 0 to 1 of 'a' are not connected",
        "1: outputs 3 to 5 of 'a' are not connected",
        "2: input 0 of 'b' is not connected",
        "2: output 0 of 'in' is connected twice, to 'a' and 'b'; Tee in a Click component copies",
    ]


def test_an_output_goes_to_one_input() -> None:
    assert problems("in -> a -> out\na -> in; out -> b -> in", "a", "b") == [
        "2: output 0 of 'a' is connected twice, to 'out' and 'in'; Tee in a Click component copies",
    ]
    # What is pulled may be pulled by several; only the engine knows.
    assert problems(f"{WIRED} queue -> a, b", "queue", "a", "b") == []


@pytest.mark.parametrize(
    ("text", "circles"),
    [
        ("a -> a", ["1: 'a' -> 'a'"]),
        ("a ->\nb -> a", ["1: 'a' -> 'b' -> 'a'"]),
        ("a[0] -> b -> out; b[1] ->\nc -> a", ["1: 'a' -> 'b' -> 'c' -> 'a'"]),
        (
            "a -> b; b[0] -> a\nb[1] -> c -> b",
            ["1: 'a' -> 'b' -> 'a'", "2: 'c' -> 'b' -> 'c'"],
        ),
        (
            "in -> [0]a[0] -> [0]b[0] -> out; out -> [1]b[1] -> [1]a[1] -> in; a[2] -> [0]b[2] -> [1]a",
            ["1: 'a' -> 'b' -> 'a'"],
        ),
        ("a -> [1]b -> c; c[1] -> [0]c; b[1] -> out", ["1: 'c' -> 'c'"]),
    ],
)
def test_circles_without_a_queue_are_told(text: str, circles: list[str]) -> None:
    found = [line for line in problems(WIRED + text, "a", "b", "c") if "circle" in line]
    assert found == [f"{line} goes round in a circle without a queue" for line in circles]


def test_queues_are_found_in_click_text() -> None:
    assert stores_packets("input -> Queue(5) -> Unqueue -> output;")
    assert stores_packets("input -> q :: ThreadSafeQueue; q -> Unqueue -> output;")
    assert not stores_packets("// Queue\ninput /* a Queue\n */ -> Unqueue -> myQueue :: Paint(1)")
