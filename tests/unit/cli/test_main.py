"""The command `weft`: help, exit status, messages without tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from weft import __version__
from weft.cli.main import COMMANDS, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_run_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path / "run"))


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


def test_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert capsys.readouterr().err.startswith("usage: weft COMMAND")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"weft {__version__}\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_it_runs_without_standard_streams(closed: str) -> None:
    code = "from weft.cli.main import main; main()"
    command = ["sh", "-c", f'"$0" -c "{code}" ps {closed}', sys.executable]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_letters_that_a_terminal_lacks_are_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["package", "init", "wire"]) == 0
    (tmp_path / "wire").rename(tmp_path / "über")
    code = "from weft.cli.main import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "package", "check", "./über"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, b"./\\xfcber: no problems\n")


def test_unknown_command_is_told_with_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stpo"]) == 2
    assert capsys.readouterr().err == (
        f"weft: no command 'stpo' (did you mean 'stop'?); allowed: {', '.join(COMMANDS)}\n"
    )


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"click"}))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run([name, "--help"])
    assert caught.value.code == 0
    doc = str(import_module(f"weft.cli.{name}").__doc__).split()
    assert " ".join(doc[:4]) in " ".join(capsys.readouterr().out.split())


def test_ps_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ps", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["ps"]) == 0
    assert capsys.readouterr().out.split() == [
        *("NAME", "STATE", "PACKAGE", "INTERFACES", "UPTIME", "S", "MEMORY", "MIB", "RESTARTS"),
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["show", "x"],
        ["read", "x", "a.b"],
        ["logs", "x"],
        ["stop", "x"],
        ["start", "x"],
        ["off", "x"],
    ],
)
def test_unknown_function(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 1
    assert capsys.readouterr().err == (
        "weft: no function named 'x'; none is running\nweft: hint: `weft ps` lists them\n"
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["stop"], "weft: name the functions to stop, or give --all\n"),
        (["stop", "a", "--all"], "weft: name the functions to stop, or give --all, not both\n"),
        (["logs", "a", "-n", "-1"], "weft: -n -1: allowed: 0 or more\n"),
        (["run", "/nowhere"], "weft: no package at '/nowhere'\n"),
        (["run", "/nowhere", "--set", "x"], "weft: --set x: not understood; allowed: NAME=VALUE\n"),
        (["run", "/nowhere", "-i", "x"], "weft: --interface x: not understood; allowed: NAME="),
        (["package", "init", "A b"], "weft: 'A b' is not a name for a package; allowed: "),
    ],
)
def test_wrong_usage(command: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command) == 2
    assert capsys.readouterr().err.startswith(message)


def test_internal_errors_have_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.delenv("WEFT_DEBUG", raising=False)
    monkeypatch.setattr("weft.cli.ps.local_client", fail)
    assert run(["ps"]) == 1
    assert capsys.readouterr().err == (
        "weft: internal error: ZeroDivisionError: oops\n"
        "weft: hint: set WEFT_DEBUG=1 to see where, and report it\n"
    )


def test_a_reader_that_hangs_up_is_no_error() -> None:
    code = "from weft.cli.main import main; main()"
    script = f"'{sys.executable}' -c '{code}' --help | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"u", b"")


def test_the_command_line_loads_nothing_heavy() -> None:
    code = (
        "import sys; from weft.cli.main import run; run(['--help']); run(['ps']);"
        "print(sorted({'yaml', 'pyroute2', 'rich', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"[]"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("weft tra", ["trace"]),
        ("weft run --de", ["--detach"]),
        ("weft package sign --k", ["--key"]),
        ("weft threshold ", ["list", "set", "remove"]),
        ("weft click --", []),
    ],
)
def test_commands_and_options_are_completed(
    words: str, found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["completion", "bash"]) == 0
    code = "import sys; sys.argv[0] = 'weft'; from weft.cli.main import main; main()"
    typed = words.split(" ")
    asked = "\n".join(
        [
            f'weft() {{ "{sys.executable}" -c "{code}" "$@"; }}',
            capsys.readouterr().out,
            f"COMP_WORDS=({' '.join(repr(word) for word in typed)}); COMP_CWORD={len(typed) - 1}",
            '_weft; printf "%s\\n" "${COMPREPLY[@]}"',
        ]
    )
    said = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=60)
    assert [line for line in said.stdout.splitlines() if line] == found


def test_completion_scripts_are_valid_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    checked = subprocess.run(
        ["bash", "-n"], input=script.encode(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stderr) == (0, b"")
    assert all(name in script for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"click", "completion", "serve"}))
def test_every_command_has_the_same_output_option(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    verbs = {
        "package": ["check"],
        "sfc": ["ping"],
        "alarm": ["list"],
        "bench": ["components"],
        "threshold": ["set"],
    }
    command = [name, *verbs.get(name, [])]
    with pytest.raises(SystemExit):
        run([*command, "--help"])
    assert "--output {table,json,yaml}" in capsys.readouterr().out


def test_an_engine_that_cannot_be_run_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEFT_ENGINE", "/nowhere/weft-engine")
    assert run(["click", "-h"]) == 1
    assert capsys.readouterr().err == (
        "weft: cannot run the engine '/nowhere/weft-engine': No such file or directory\n"
        "weft: hint: correct or unset WEFT_ENGINE, or run `make build` in a clone\n"
    )
