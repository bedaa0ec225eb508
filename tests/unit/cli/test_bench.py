"""Wrong usage of `weft bench` is told before anything is made."""

from __future__ import annotations

import pytest

from weft.cli.main import run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--analyzer", "tshark"], "--analyzer tshark: not known; allowed: scapy, numpy"),
        (
            ["--filter", "rust"],
            "--filter rust: not known; allowed: c, click, java, python, javascript",
        ),
    ],
)
def test_names_that_are_not_known(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", "components", *arguments]) == 2
    assert capsys.readouterr().err == f"weft: {message}\n"


@pytest.mark.parametrize("arguments", [["--repeat", "1"], ["--interval", "0"], ["--size", "x"]])
def test_numbers_that_cannot_be(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run(["bench", "components", *arguments])
    assert raised.value.code == 2
    assert f"'{arguments[1]}' is no number from " in capsys.readouterr().err


def test_it_needs_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert run(["bench", "components"]) == 1
    assert "weft: making network namespaces needs root\n" in capsys.readouterr().err
