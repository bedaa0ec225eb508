"""What tshark reads in frames, as a judge that shares nothing with us."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.support.pcap import write_pcap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["decode"]

# Tell of wrong checksums too.
_OPTIONS = [f"-o{protocol}.check_checksum:TRUE" for protocol in ("ip", "udp", "tcp")]
_COMPLAINTS = ["_ws.malformed", "_ws.expert.message"]


def decode(
    folder: Path, frames: Sequence[bytes], fields: Sequence[str]
) -> list[dict[str, list[str]]]:
    """All values of each field in each frame, outermost first; there must be nothing to complain about."""
    capture = write_pcap(folder / "judged.pcap", frames)
    words = [word for field in [*fields, *_COMPLAINTS] for word in ("-e", field)]
    done = subprocess.run(
        [
            "tshark",
            "-n",
            "-r",
            str(capture),
            "-T",
            "fields",
            "-E",
            "separator=|",
            *_OPTIONS,
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split("|") for line in done.stdout.splitlines()]
    assert len(lines) == len(frames), done.stderr
    for frame, values in zip(frames, lines, strict=True):
        assert not any(values[len(fields) :]), (frame.hex(), values)
    return [
        {
            field: value.split(",") if value else []
            for field, value in zip(fields, line, strict=False)
        }
        for line in lines
    ]
