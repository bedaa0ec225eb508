"""Every error is told with a status of its own, and is on the other side what it was."""

from __future__ import annotations

import json

import pytest

from weft import errors
from weft.api.problems import STATUS, problem_of, refusals, respond
from weft.client.problems import error_of, slug_of
from weft.errors import (
    BindingError,
    ChangeError,
    EngineError,
    FunctionNotFoundError,
    HandlerError,
    NameTakenError,
    PackageError,
    PrivilegeError,
    StartError,
    UsageError,
    WeftError,
)
from weft.model.problem import Problem

SAMPLES = [
    WeftError("the run directory '/x' cannot be used", hint="choose another"),
    UsageError("no command 'x'"),
    PrivilegeError("a sandbox", command="weft run x"),
    EngineError("no engine"),
    PackageError("fw", [Problem("vnf.yaml", 3, "no key 'x'"), Problem("a", 0, "too large")]),
    BindingError("no interface 'x'", hint="add one"),
    FunctionNotFoundError("fw", ["nat"]),
    NameTakenError("fw", "default"),
    StartError("fw", "engine", ["one", "two"]),
    ChangeError("fw", "component", []),
    HandlerError(511, "No handler named 'x'"),
]


def test_every_error_has_a_status() -> None:
    assert {kind.__name__ for kind in STATUS} == set(errors.__all__)


def test_no_two_errors_have_the_same_type() -> None:
    assert len({slug_of(kind) for kind in STATUS}) == len(STATUS)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_is_on_the_other_side_what_it_was(error: WeftError) -> None:
    told = json.loads(bytes(respond(error, "/v1/functions/fw").body))
    back = error_of(told)
    assert type(back) is type(error)
    assert (str(back), back.message) == (str(error), error.message)
    assert (back.hint, back.exit_status) == (error.hint, error.exit_status)
    assert {name: getattr(back, name, None) for name in ("code", "stage", "lines", "problems")} == {
        name: getattr(error, name, None) for name in ("code", "stage", "lines", "problems")
    }


def test_a_problem_says_what_where_and_what_to_do() -> None:
    assert problem_of(FunctionNotFoundError("fw", ["nat"]), "/v1/functions/fw") == {
        "type": "urn:weft:problem:function-not-found",
        "title": "No function has that name",
        "status": 404,
        "detail": "no function named 'fw'; there are: nat",
        "hint": "`weft ps` lists them",
        "instance": "/v1/functions/fw",
        "exit_status": 1,
    }


def test_a_handler_that_is_not_there_is_not_found() -> None:
    assert problem_of(HandlerError(510, "No element named 'x'"))["status"] == 404
    assert problem_of(HandlerError(530, "Handler 'x.y' read-only"))["status"] == 403
    assert problem_of(HandlerError(520, "not a number"))["status"] == 422


def test_a_failure_of_ours_tells_nothing_of_its_inside() -> None:
    assert problem_of(ValueError("secret")) == {
        "type": "about:blank",
        "title": "The server has failed",
        "status": 500,
        "detail": "internal error: ValueError",
        "hint": "the server's log has more",
    }


def test_an_error_that_is_not_known_here_is_a_plain_one() -> None:
    error = error_of({"type": "urn:weft:problem:new", "detail": "no", "hint": "yes"})
    assert (type(error), error.message, error.hint) == (WeftError, "no", "yes")
    assert error_of({}).message == "the server gives no reason"


def test_refusals_are_described_with_examples() -> None:
    for status, refusal in refusals(404, 409).items():
        assert refusal["content"]["application/problem+json"]["example"]["status"] == status
