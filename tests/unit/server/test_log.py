"""Reading a log: what is there, and what comes while it is followed, across files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from weft.model.log import LogLine, LogRequest
from weft.server.log import LogReader, log_lines, parse_line

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "1.000001 init: a\n2.000000 filter: b: c\n3.500000 engine: \n4.000000 filter: warning: d\n"


def read(path: Path, request: LogRequest) -> list[str]:
    async def gather() -> list[str]:
        return [f"{line.source} {line.text}" async for line in log_lines(path, request)]

    return asyncio.run(gather())


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (LogRequest(), ["init a", "filter b: c", "engine ", "filter warning: d"]),
        (LogRequest(lines=1), ["filter warning: d"]),
        (LogRequest(lines=0), []),
        (LogRequest(lines=9), ["init a", "filter b: c", "engine ", "filter warning: d"]),
        (LogRequest(since_s=3.5), ["engine ", "filter warning: d"]),
        (LogRequest(sources=("filter",)), ["filter b: c", "filter warning: d"]),
        (LogRequest(1, sources=("init", "engine")), ["engine "]),
    ],
)
def test_lines_that_are_asked_for(
    tmp_path: Path, request_: LogRequest, expected: list[str]
) -> None:
    (tmp_path / "log").write_text(TEXT)
    assert read(tmp_path / "log", request_) == expected


def test_the_former_log_comes_first(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("1.0 init: first\n")
    (tmp_path / "log").write_text("2.0 init: second\n")
    assert read(tmp_path / "log", LogRequest()) == ["init first", "init second"]


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "log", LogRequest()) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1.5 init: x", LogLine(1.5, "init", None, "x")),
        ("thread panicked at", LogLine(None, "init", None, "thread panicked at")),
        ("1.5 a: WARNING:root:hot", LogLine(1.5, "a", "warning", "WARNING:root:hot")),
        ("1.5 a: warn: hot", LogLine(1.5, "a", "warning", "warn: hot")),
        ("1.5 a: [error] hot", LogLine(1.5, "a", "error", "[error] hot")),
        (
            "1.5 a: 2026-11-20 16:05:05,123 INFO on",
            LogLine(1.5, "a", "info", "2026-11-20 16:05:05,123 INFO on"),
        ),
        ("1.5 a: Error handling begins", LogLine(1.5, "a", None, "Error handling begins")),
        ("1.5 a: information", LogLine(1.5, "a", None, "information")),
    ],
)
def test_a_line_has_time_source_and_level(line: str, expected: LogLine) -> None:
    assert parse_line(line) == expected


def test_reading_goes_on_in_the_next_file_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1.0 a: one\n1.0 a: tw")
    reader = LogReader(path)

    def texts() -> list[str]:
        return [line.text for line in reader.lines()]

    assert texts() == ["one"]
    with path.open("a") as log:
        log.write("o\n1.0 a: three\n")
    path.rename(tmp_path / "log.1")
    assert texts() == ["two", "three"]
    path.write_text("1.0 a: four\n")
    assert texts() == ["four"]
    assert texts() == []
    reader.close()


def test_following_gives_everything_up_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("1.0 a: old\n")

    async def run() -> list[str]:
        ended = asyncio.Event()

        async def until_ended() -> None:
            await ended.wait()

        texts = []
        until = asyncio.create_task(until_ended())
        async for line in log_lines(path, LogRequest(lines=1, follow=True), until):
            texts.append(line.text)
            with path.open("a") as log:
                if line.text == "old":
                    log.write("1.0 a: one\n")
                elif line.text == "one":
                    log.write("1.0 a: two\n")
                    ended.set()
        return texts

    async def in_time() -> list[str]:
        return await asyncio.wait_for(run(), 10)

    assert asyncio.run(in_time()) == ["old", "one", "two"]
