"""The messages people meet, and the exit status each kind gives."""

from __future__ import annotations

import pytest

from weft import errors
from weft.model.problem import Problem


def test_only_wrong_usage_has_status_two() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert kind.exit_status == (2 if name == "UsageError" else 1)


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (
            errors.PrivilegeError("a sandbox", command="weft run"),
            "a sandbox needs root",
            "run `sudo weft run`; without root, interfaces can be `pcap:IN[:OUT]` files",
        ),
        (
            errors.PackageError("p", [Problem("vnf.yaml", 3, "bad")]),
            "p: 1 problem\n  vnf.yaml:3: bad",
            None,
        ),
        (
            errors.FunctionNotFoundError("x", ["a", "b"]),
            "no function named 'x'; there are: a, b",
            "`weft ps` lists them",
        ),
        (
            errors.NameTakenError("x", "default"),
            "the name 'x' is taken in project 'default'",
            "choose another with --name, or turn that function off: weft off x",
        ),
        (
            errors.StartError("x", "engine", ["graph.click:1: bad"]),
            "'x' did not start (stage: engine); all was undone\n  graph.click:1: bad",
            None,
        ),
        (
            errors.ChangeError("x", "component", ["component 'a' is slow"]),
            "'x' was not changed (stage: component); all is as before\n  component 'a' is slow",
            None,
        ),
        (errors.HandlerError(510, "No element named 'x'"), "No element named 'x'", None),
    ],
)
def test_message_and_hint(error: errors.WeftError, message: str, hint: str | None) -> None:
    assert (str(error), error.hint) == (message, hint)


def test_a_link_error_is_a_binding_error() -> None:
    assert issubclass(errors.LinkError, errors.BindingError)
    assert issubclass(errors.StartError, errors.FunctionError)
    assert not issubclass(errors.EngineError, errors.FunctionError)
