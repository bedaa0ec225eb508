"""Reading a log: its last lines, and what comes while it is followed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from weft.server.log import follow_log, tail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [
        ("a\nb\nc\n", 2, "b\nc\n"),
        ("a\nb\nc", 2, "b\nc"),
        ("a\nb\nc\n", 3, "a\nb\nc\n"),
        ("a\nb\nc\n", 9, "a\nb\nc\n"),
        ("a\nb\nc\n", 0, ""),
        ("a\nb\nc\n", None, "a\nb\nc\n"),
        ("", 1, ""),
        ("\n\n\n", 2, "\n\n"),
        ("x" * 200_000 + "\nend\n", 1, "end\n"),
        ("start\n" + "x" * 200_000 + "\n", 1, "x" * 200_000 + "\n"),
    ],
)
def test_tail(tmp_path: Path, text: str, lines: int | None, expected: str) -> None:
    path = tmp_path / "log"
    path.write_text(text)
    assert tail(path, lines) == (len(text), expected)


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "log", 5) == (0, "")


def test_following_gives_everything_up_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("old\n")

    async def run() -> list[str]:
        ended = asyncio.Event()

        async def until_ended() -> None:
            await ended.wait()

        pieces = []
        async for piece in follow_log(path, 4, asyncio.create_task(until_ended())):
            pieces.append(piece)
            if piece == "one\n":
                with path.open("a") as log:
                    log.write("two\n")
                ended.set()
        return pieces

    async def with_first_line() -> list[str]:
        task = asyncio.create_task(run())
        await asyncio.sleep(0)
        with path.open("a") as log:
            log.write("one\n")
        return await asyncio.wait_for(task, 10)

    assert asyncio.run(with_first_line()) == ["one\n", "two\n"]
