"""Components in JavaScript for tests: how they are written down, started and ended."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.unit.sdk.engine_side import BYE, EngineSide

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "sdk" / "javascript"
PATIENCE_S = 30


def node(folder: Path, module: str, source: str, **environment: str) -> subprocess.Popen[str]:
    (folder / module).write_text(source)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    return subprocess.Popen(
        ["node", module],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**clean, **environment},
    )


def start(
    folder: Path, engine: EngineSide, source: str, module: str = "main.mjs"
) -> subprocess.Popen[str]:
    return node(
        folder,
        module,
        source,
        WEFT_COMPONENT=str(engine.path),
        WEFT_COMPONENT_NAME="filter",
    )


def conformance() -> str:
    return (SOURCES / "conformance" / "conformance.mjs").read_text()


def first() -> str:
    return (SOURCES / "examples" / "first.mjs").read_text()


def component(body: str, options: str = "") -> str:
    return (
        "import { Component } from 'weft-component';\n"
        f"const component = new Component({options});\n{body}\ncomponent.run();\n"
    )


def outcome(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, error


def goodbye(engine: EngineSide, process: subprocess.Popen[str]) -> None:
    engine.say(BYE)
    assert engine.receive().kind == BYE
    assert outcome(process) == (0, "")


def packet(operation: int, argument: int = 0, size: int = 60) -> bytes:
    return bytes(range(14)) + bytes([operation, argument]) + bytes(size - 16)
