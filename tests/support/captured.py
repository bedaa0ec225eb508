"""A function on capture files: what arrives at its interfaces, and what leaves by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.pcap import read_pcap, write_pcap
from weft.cli.main import run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["on_files"]


def on_files(
    folder: Path,
    package: str,
    arriving: Mapping[str, Sequence[bytes]],
    *settings: str,
    status: int = 0,
) -> dict[str, list[bytes]]:
    """The frames that leave by each interface when these arrive; `settings` are as in NAME=VALUE."""
    arguments = ["run", package]
    for interface, frames in arriving.items():
        write_pcap(folder / f"{interface}.pcap", frames)
        files = f"{folder}/{interface}.pcap:{folder}/{interface}.sent"
        arguments += ["--interface", f"{interface}=pcap:{files}"]
    for setting in settings:
        arguments += ["--set", setting]
    assert run(arguments) == status
    return {name: read_pcap(folder / f"{name}.sent") for name in arriving} if not status else {}
