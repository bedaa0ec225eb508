"""What COVEN's tools may have kept, and what they are told when the function cannot be reached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from weft.api.compat.platform import CovenPlatform
from weft.api.progress import say
from weft.client.local import LocalClient

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CovenPlatform:
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path))
    return CovenPlatform(LocalClient(say), ())


def test_packages_are_kept_in_bounded_memory(platform: CovenPlatform) -> None:
    for number in range(64):
        assert platform.package(f"p{number}", b"") == "0"
    assert platform.package("another", b"") == "-8"
    assert platform.package("p0", b"another of that name") == "0"
    assert platform.package("p0", bytes((256 << 20) + 1)) == "-8"
    assert platform.package("../p", b"") == "-8"


def test_what_is_not_there_cannot_be_started_stopped_or_forgotten(platform: CovenPlatform) -> None:
    async def codes() -> list[str]:
        return [await act() for act in (platform.start, platform.stop, platform.reset)]

    assert asyncio.run(codes()) == ["-2", "-1", "-2"]
