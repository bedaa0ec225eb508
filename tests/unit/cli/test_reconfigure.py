"""What `weft reconfigure` refuses before it looks at any function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from weft.cli.main import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path / "run"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--set", "a=1"],
            "nothing to change; give a package, or one of --path, --add, --remove, --replace\n"
            "weft: hint: to set parameters alone: weft configure gate NAME=VALUE",
        ),
        (["--add", "a=b.c"], "--add a=b.c: not understood; allowed: NAME=FRAMEWORK:FILE"),
        (["--add", "=c:b.c"], "--add =c:b.c: not understood; allowed: NAME=FRAMEWORK:FILE"),
        (["--replace", "a"], "--replace a: not understood; allowed: NAME=[FRAMEWORK:]FILE"),
        (
            ["--replace", "a=/no/such.c"],
            "--replace a=/no/such.c: cannot read '/no/such.c': No such file or directory",
        ),
        (["--remove", "a", "--set", "x"], "--set x: not understood; allowed: NAME=VALUE"),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["reconfigure", "gate", *arguments]) == 2
    assert capsys.readouterr().err == f"weft: {message}\n"


def test_no_such_function(capsys: pytest.CaptureFixture[str]) -> None:
    for selector, what in (("gate", "named 'gate'"), ("gate-*", "matches 'gate-*'")):
        assert run(["reconfigure", selector, "--remove", "a"]) == 1
        assert capsys.readouterr().err == (
            f"weft: no function {what}; none is running\nweft: hint: `weft ps` lists them\n"
        )
