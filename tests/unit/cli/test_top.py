"""What `weft top` and `weft show` make of looks, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from weft.cli.main import run
from weft.cli.rates import figures, rates
from weft.client import local_client
from weft.model.function import FunctionFacts
from weft.model.look import ComponentLook, ElementLook, Look

if TYPE_CHECKING:
    from pathlib import Path

FACTS = FunctionFacts(
    UUID(int=1), "gate", "default", "gate", "1", {}, 0.0, "x", frameworks={"a": "c"}
)
BEFORE = Look(
    1.0,
    "active",
    engine_cpu_s=1.0,
    memory_bytes=2**21,
    restarts=0,
    components=(ComponentLook("a", "a", "ready", cpu_s=1.0, capacity=512),),
)
AFTER = Look(
    3.0,
    "active",
    engine_cpu_s=2.0,
    memory_bytes=2**20,
    restarts=1,
    components=(
        ComponentLook(
            *("a", "a", "ready", 5, 2, None, 1.5, 2**20),
            *(2000, 1800, 250_000, 0, 100, 90, 3, 7, 512, 0, 1500, 96_000),
            (("telnet", 40),),
        ),
        ComponentLook("b", "b", "starting"),
    ),
    elements=(ElementLook("out/queue", "Queue", (("queue-full", 8),)),),
)


def test_rates_are_between_two_looks() -> None:
    function, a, b = rates(FACTS, BEFORE, AFTER)
    assert function == {
        "function": "gate",
        "kind": "function",
        "name": "gate",
        "state": "active",
        "cpu": 0.5,
        "memory_mib": 1.0,
        "memory_used": None,
        "restarts": 1,
        "drops_per_s": {"out/queue": 4.0},
    }
    assert a == {
        "function": "gate",
        "kind": "component",
        "name": "a",
        "state": "ready",
        "ring": "3/512 +7",
        "p50_us": 1.5,
        "p99_us": 96.0,
        "memory_mib": 1.0,
        "memory_used": None,
        "restarts": 2,
        "in_pps": 1000.0,
        "out_pps": 900.0,
        "in_mbps": 1.0,
        "out_mbps": 0.0,
        "batch_in": 20.0,
        "cpu": 0.25,
        "drops_per_s": {"telnet": 20.0},
    }
    assert b["name"] == "b"
    assert "in_pps" not in b
    assert b["ring"] is None


def counted(look: Look, since: float | None, *bytes_in: int | None) -> Look:
    """That look, with two elements of a graph."""
    sums = [0 if count is None else count // 100 for count in bytes_in]
    elements = tuple(
        ElementLook(name, "Counter", (), packets, packets, count, count)
        for name, packets, count in zip(("a", "b"), sums, bytes_in, strict=False)
    )
    return replace(look, elements=elements, components=(), bytes_since=since)


def test_elements_have_rows_of_their_own_where_they_are_asked_for() -> None:
    before, after = counted(BEFORE, 5.0, 100), counted(AFTER, 5.0, 1_000_100, 300)
    _, a, b = rates(FACTS, before, after, elements=True)
    assert a == {
        **{"function": "gate", "kind": "element", "name": "a", "state": "Counter"},
        **{"in_pps": 5000.0, "out_pps": 5000.0},
        **{"in_mbps": 4.0, "out_mbps": 4.0, "drops_per_s": {}},
    }
    assert b == {"function": "gate", "kind": "element", "name": "b", "state": "Counter"}
    assert len(rates(FACTS, before, after)) == 1


@pytest.mark.parametrize("since", [None, 7.0])
def test_bytes_that_were_not_counted_all_the_time_make_no_rate(since: float | None) -> None:
    before = counted(BEFORE, since, None if since is None else 100)
    _, a = rates(FACTS, before, counted(AFTER, 5.0, 1100), elements=True)
    assert (a["in_mbps"], a["out_mbps"]) == (None, None)


def test_figures_are_since_the_start() -> None:
    a, b = figures(AFTER)
    assert (a["packets_in"], a["batch_in"], a["batch_out"]) == (2000, 20.0, 20.0)
    assert (a["ring"], a["drops"]) == ("3/512 +7", {"telnet": 40})
    assert (b["packets_in"], b["batch_in"], b["p50_us"]) == (0, None, None)


def test_the_verdict_knows_the_languages() -> None:
    line = local_client().bottleneck(FACTS, BEFORE, AFTER)
    assert line == (
        "bottleneck: out: its queue is full, what follows 'out/queue' takes no more; drops 4/s"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--interval", "0"], "--interval 0: allowed: 0.1 to 3600"),
        (["--interval", "nan"], "--interval nan: allowed: 0.1 to 3600"),
        (["--count", "0"], "--count 0: allowed: 1 or more"),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["top", *arguments]) == 2
    assert capsys.readouterr().err == f"weft: {message}\n"


def test_top_of_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path / "run"))
    assert run(["top", "--count", "1"]) == 1
    assert capsys.readouterr().err == (
        "weft: no function matches '*'; none is running\nweft: hint: `weft ps` lists them\n"
    )
