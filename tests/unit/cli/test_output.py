"""Tables for people, JSON and YAML for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml

from weft.cli.output import show_done, show_facts, show_rows
from weft.model.monitoring import Severity

if TYPE_CHECKING:
    import pytest

ROWS = [
    {"name": "a", "uptime_s": 1.25, "interfaces": {"in": "eth1"}, "errors": [], "pid": None},
    {"name": "longer", "uptime_s": 10.0, "interfaces": {}, "errors": ["x", "y"], "pid": 7},
]


def test_a_table_has_the_columns_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, ("name", "uptime_s", "interfaces", "errors", "pid"), "table")
    assert capsys.readouterr().out == (
        "NAME    UPTIME S  INTERFACES  ERRORS  PID\n"
        "a       1.2       in=eth1     -       -\n"
        "longer  10.0      -           x, y    7\n"
    )


def test_programs_get_everything(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(ROWS, ("name",), "json")
    assert json.loads(capsys.readouterr().out) == ROWS
    show_rows(ROWS, ("name",), "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == ROWS


def test_programs_get_the_same_in_both(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"severity": Severity.MAJOR, "pair": (1, 2), "text": "grün"}
    same = [{"severity": "major", "pair": [1, 2], "text": "grün"}]
    show_rows([row], ("text",), "json")
    assert json.loads(capsys.readouterr().out) == same
    show_rows([row], ("text",), "yaml")
    assert yaml.safe_load(capsys.readouterr().out) == same


def test_facts_are_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    show_facts({"name": "a", "engine_pid": 7}, "table")
    assert capsys.readouterr().out == "name        a\nengine pid  7\n"


def test_what_was_done_is_told_to_programs_only(capsys: pytest.CaptureFixture[str]) -> None:
    show_done({"stopped": ["a"]}, "table")
    assert capsys.readouterr().out == ""
    show_done({"stopped": ["a"]}, "json")
    assert json.loads(capsys.readouterr().out) == {"stopped": ["a"]}
