"""Building the C SDK and starting its children."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.unit.sdk.peer import Peer

ROOT = Path(__file__).resolve().parents[3]
SDK = ROOT / "sdk" / "c"
LIMIT_S = 240
SANITIZED = "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
SANITIZERS = {"ASAN_OPTIONS": "exitcode=99", "UBSAN_OPTIONS": "halt_on_error=1:exitcode=99"}


def make(out: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["make", "-s", "-C", str(SDK), f"OUT={out}", *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def child(folder: Path, program: Path, *arguments: str, **environment: str) -> Peer:
    return Peer(folder, str(program), *arguments, **SANITIZERS, **environment)


def packet(operation: int, n: int = 0, length: int = 60) -> bytes:
    """A packet that the conformance child does `operation` to."""
    return bytes(range(14)) + bytes([operation, n]) + bytes(i % 256 for i in range(16, length))
