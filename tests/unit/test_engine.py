"""The engine in process."""

from __future__ import annotations

import inspect
import json

import pytest

from weft import _engine

COUNTED = "InfiniteSource(LIMIT 10, STOP true) -> c :: Counter -> Discard;"


def test_a_graph_runs_until_it_stops() -> None:
    graph = _engine.Router(COUNTED, simtime=5.0)
    assert graph.elements == ["InfiniteSource@1", "c", "Discard@3"]
    assert graph.run() is True
    assert graph.stopped
    assert graph.read("c.count") == "10"


def test_a_graph_that_does_not_stop_runs_for_the_time_given() -> None:
    graph = _engine.Router("InfiniteSource -> c :: Counter -> Discard;")
    assert graph.run(timeout_s=0.05) is False
    assert int(graph.read("c.count")) > 0


def test_handlers_are_read_and_written() -> None:
    graph = _engine.Router(COUNTED)
    graph.run()
    graph.write("c.reset")
    assert graph.read("c.count") == "0"
    with pytest.raises(_engine.HandlerError, match="No element named 'x'"):
        graph.read("x.count")
    with pytest.raises(_engine.HandlerError, match=r"Handler 'c.count' read-only"):
        graph.write("c.count", "5")


def test_bytes_are_counted_from_when_they_are_asked_for() -> None:
    text = "InfiniteSource(LENGTH 64, LIMIT 10, STOP true) -> c :: Counter -> Discard;"
    graph = _engine.Router(text, simtime=5.0)
    assert "bytes_since_ns" not in json.loads(graph.read("stats"))
    graph.read("stats", "BYTES 60")
    graph.run()
    told = json.loads(graph.read("stats"))
    assert told["bytes_since_ns"] == 5_000_000_000
    counter = told["elements"][1]
    assert counter["inputs"] == [10]
    assert (counter["input_bytes"], counter["output_bytes"]) == ([640], [640])


def test_parameters_replace_definitions() -> None:
    text = "define($n 3); InfiniteSource(LIMIT $n, STOP true) -> c :: Counter -> Discard;"
    graph = _engine.Router(text, parameters={"n": "7"})
    graph.run()
    assert graph.read("c.count") == "7"


def test_what_is_printed_is_kept() -> None:
    graph = _engine.Router('Script(print "hello", print $(now), stop);', simtime=5.0)
    graph.run()
    assert graph.take_output() == "hello\n5.000000\n"
    assert graph.take_output() == ""


def test_a_wrong_configuration_tells_its_lines() -> None:
    with pytest.raises(_engine.GraphError) as failure:
        _engine.Router("c :: Counter(4);\nInfiniteSource -> c -> Discard;", file="f.click")
    assert failure.value.lines == [
        "f.click:1: While configuring 'c :: Counter':",
        "  too many arguments",
        "Router could not be initialized!",
    ]


def test_the_clock_must_begin_at_a_time() -> None:
    with pytest.raises(ValueError, match="simtime is -1"):
        _engine.Router(COUNTED, simtime=-1.0)


def test_checking_gives_places_and_words() -> None:
    found = _engine.check("c :: Counter(4);\nInfiniteSource -> c -> Discard;", "f.click")
    assert [(d.severity, d.file, d.line) for d in found] == [("error", "f.click", 1)]
    assert found[0].message == "While configuring 'c :: Counter':\n  too many arguments"
    assert str(found[0]).startswith("f.click:1: While configuring")
    assert _engine.check(COUNTED) == []


def test_compounds_are_flattened() -> None:
    text = "a :: { input -> Counter -> output }; InfiniteSource -> a -> Discard;"
    assert "a/Counter@1 :: Counter;" in _engine.flatten(text)
    with pytest.raises(_engine.GraphError):
        _engine.flatten("x :: Nonsense;")


def test_classes_describe_themselves() -> None:
    classes = {c["name"]: c for c in _engine.elements()}
    counter = classes["Counter"]
    assert counter["ports"] == "1/1"
    assert {"name": "count", "type": "unsigned", "unit": "packets"}.items() <= (
        counter["handlers"][0].items()
    )


def test_the_stub_names_what_the_module_has() -> None:
    here = {name for name in vars(_engine) if not name.startswith("_")}
    assert here == {
        "Diagnostic", "GraphError", "HandlerError", "Router", "check", "elements", "flatten",
    }  # fmt: skip
    assert inspect.isclass(_engine.Router)
