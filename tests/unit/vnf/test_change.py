"""The plan of a change: from two packages, without anything that runs."""

from __future__ import annotations

import pytest

from weft.errors import PackageError
from weft.model.package import MANIFEST, Package, PackageFile
from weft.vnf.change import Processes, bound_graph, plan_change
from weft.vnf.manifest import read_manifest

TEXT = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  a: {framework: python, file: a.py}
  b: {framework: python, file: b.py, fallback: hold}
path: |
  in -> a -> b -> out
  out -> in
"""
FIRST = Processes({"a": "a", "b": "b"}, {"a": 1, "b": 1})


def package(text: str = TEXT, **files: str) -> Package:
    contents = {"a.py": "a", "b.py": "b", "c.py": "c", "shared.py": "s", "README.md": "r"}
    contents |= {name.replace("_", "."): content for name, content in files.items()}
    made = [PackageFile(name, content.encode()) for name, content in contents.items()]
    found, problems = read_manifest([PackageFile(MANIFEST, text.encode()), *made])
    assert found is not None, problems
    return found


def plan(new: Package, processes: Processes = FIRST) -> tuple[tuple[str, ...], ...]:
    made = plan_change(package(), new, processes, "gate")
    return made.started, made.kept, made.replaced, made.ended


def test_what_did_not_change_is_kept() -> None:
    assert plan(package()) == ((), ("a", "b"), (), ())
    assert plan(package(README_md="other")) == ((), ("a", "b"), (), ())
    moved = TEXT.replace("in -> a -> b -> out", "# 1\n  in -> b -> a -> out").replace("# 1\n  ", "")
    assert plan(package(moved)) == ((), ("a", "b"), (), ())


def test_other_code_and_another_entry_replace_a_component() -> None:
    assert plan(package(a_py="other")) == ((), ("b",), ("a",), ())
    assert plan(package(TEXT.replace("hold}", "drop}"))) == ((), ("a",), ("b",), ())
    assert plan(package(shared_py="other")) == ((), (), ("a", "b"), ())


def test_components_come_and_go() -> None:
    text = TEXT.replace("a: {", "c: {").replace("a.py", "c.py").replace("in -> a", "in -> c")
    assert plan(package(text)) == (("c",), ("b",), (), ("a",))


def test_a_key_is_used_once() -> None:
    made = plan_change(package(), package(a_py="other"), FIRST, "gate")
    assert dict(made.keys) == {"a": "a.2", "b": "b"}
    later = Processes({"a": "a.2", "b": "b"}, {"a": 2, "b": 1})
    made = plan_change(package(), package(a_py="more"), later, "gate")
    assert dict(made.keys) == {"a": "a.3", "b": "b"}
    gone = Processes({"b": "b"}, {"a": 3, "b": 1})
    assert dict(plan_change(package(), package(), gone, "gate").keys) == {"a": "a.4", "b": "b"}


def test_what_a_running_function_cannot_do_is_told_at_once() -> None:
    text = TEXT.replace("gate", "door").replace("[in, out]", "[in, out, log]")
    text = text.replace("  a: {", "  p: {framework: program, command: [cat]}\n  a: {")
    text = text.replace("-> a -> b ->", "-> a -> b -> p ->").replace("out -> in", "out -> in, log")
    text = text.replace("out -> in, log", "out -> in; log -> Idle").replace("; log -> Idle", "")
    text = text.replace("\n  out -> in", "\n  out -> in\n  log -> in")
    with pytest.raises(PackageError) as caught:
        plan(package(text))
    assert [str(problem) for problem in caught.value.problems] == [
        "vnf.yaml: interfaces: they cannot change while the function runs: in, out, log, not in, out",
        "vnf.yaml: vnf: it is 'door', the function that runs is of 'gate'",
        "vnf.yaml:6: components: p: a program with interfaces cannot come to a running function; "
        "stop it and run the new package",
    ]


def test_a_graph_is_bound_to_processes() -> None:
    graph = "a :: Component($key_a, UID ${uid_a}); $key_ab $other"
    bound = bound_graph(graph, {"a": "a.2"}, {"a.2": 7})
    assert bound == "a :: Component(a.2, UID 7); $key_ab $other"


def test_a_component_that_is_made_with_a_value_is_replaced_when_it_changes() -> None:
    text = TEXT.replace("a: {", "a: {arguments: ['${level}'], ")
    text += "parameters:\n  level: {type: integer, default: 1}\n  other: {type: text, default: x}\n"
    same, processes = package(text), Processes({"a": "a", "b": "b"}, {"a": 1, "b": 1})
    before = {"level": "1", "other": "x"}
    made = plan_change(same, same, processes, "gate", (before, {"level": "2", "other": "x"}))
    assert (made.kept, made.replaced) == (("b",), ("a",))
    made = plan_change(same, same, processes, "gate", (before, {"level": "1", "other": "y"}))
    assert (made.kept, made.replaced) == (("a", "b"), ())
