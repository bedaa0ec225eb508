"""Runs every golden file of this folder through `weft-engine click`."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.golden.capture import Packet, read_capture, write_capture
from tests.golden.golden_file import Case, line_matches, read_cases
from weft.launcher import engine_binary

HERE = Path(__file__).resolve().parent
LIMIT_S = 20
FILES = sorted(HERE.rglob("*.golden"))
CASES = [case for path in FILES for case in read_cases(path)]


def identify(case: Case) -> str:
    return f"{case.path.relative_to(HERE).with_suffix('')}: {case.title}"


@pytest.fixture(scope="session")
def engine() -> str:
    """The engine: $WEFT_ENGINE, a Cargo build under $CARGO_TARGET_DIR, or the installed one."""
    target = os.environ.get("CARGO_TARGET_DIR")
    if target and "WEFT_ENGINE" not in os.environ:
        built = [Path(target) / kind / "weft-engine" for kind in ("debug", "release")]
        existing = [path for path in built if path.exists()]
        if existing:
            return str(max(existing, key=lambda path: path.stat().st_mtime))
    return engine_binary()


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_configuration_does_what_its_golden_file_says(
    case: Case, engine: str, tmp_path: Path
) -> None:
    for name, capture in case.inputs.items():
        write_capture(tmp_path / name, capture.packets, capture.link_type)
    for name, text in case.files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [engine, "click", "--simtime", "-e", case.config, *case.args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
        timeout=LIMIT_S,
        check=False,
    )
    problems = [
        *text_problems("stdout", case.stdout, done.stdout.decode(errors="replace")),
        *text_problems("stderr", case.stderr, done.stderr.decode(errors="replace")),
    ]
    if done.returncode != case.status:
        problems.append(f"exit status {done.returncode}, expected {case.status}")
    for name, packets in case.outputs.items():
        problems += packet_problems(name, packets, tmp_path / name)
    for name, text in case.results.items():
        path = tmp_path / name
        written = path.read_text(errors="replace") if path.exists() else "(no such file)"
        problems += text_problems(name, text, written)
    assert not problems, "\n".join(problems)


def text_problems(what: str, expected: str, got: str) -> list[str]:
    wanted, lines = expected.splitlines(), got.rstrip("\n").splitlines()
    if len(wanted) == len(lines) and all(map(line_matches, wanted, lines)):
        return []
    return list(difflib.unified_diff(wanted, lines, f"{what} expected", f"{what} got", lineterm=""))


def packet_problems(name: str, expected: tuple[Packet, ...], path: Path) -> list[str]:
    if not path.exists():
        return [f"{name} was not written"]
    got = read_capture(path)
    timed = [
        packet if want and want.time_ns is not None else Packet(packet.data)
        for packet, want in zip(got, [*expected, *[None] * len(got)], strict=False)
    ]
    return text_problems(name, "\n".join(map(show, expected)), "\n".join(map(show, timed)))


def show(packet: Packet) -> str:
    if packet.time_ns is None:
        return packet.data.hex()
    seconds, rest = divmod(packet.time_ns, 10**9)
    return f"@{seconds}.{rest:09} {packet.data.hex()}"


def test_every_class_has_a_golden_file_of_its_name_and_a_fuzz_entry(engine: str) -> None:
    done = subprocess.run(
        [engine, "elements", "--json"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    classes = {entry["name"]: entry for entry in json.loads(done.stdout)}
    assert "Idle" in classes
    missing = classes.keys() - {path.stem for path in FILES}
    assert not missing, f"no tests/golden/*/NAME.golden for {', '.join(sorted(missing))}"
    unfuzzed = [name for name, entry in classes.items() if not entry["fuzz"]]
    assert not unfuzzed, f"no fuzz entry for {', '.join(unfuzzed)}"
