"""Reading a function's log: what is there, and what is added while someone watches.

Process 1 writes it, as `SECONDS.MICROSECONDS SOURCE: TEXT`, and begins another when it is large; the
former one is beside it as `log.1`.
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import TYPE_CHECKING

from weft.model.log import LogLine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path
    from typing import BinaryIO

    from weft.model.log import LogRequest

__all__ = ["LogReader", "log_lines", "parse_line"]

_PERIOD_S = 0.05
_LINE = re.compile(r"(\d+\.\d+) ([^ :]+): (.*)", re.DOTALL)
# `warning: text`, `WARNING:root:text`, `[error] text`, `2026-11-20 16:05:05,123 INFO text`.
_LEVEL = re.compile(
    r"(?:[\d\-:.,TZ ]*)(?:"
    r"(?P<colon>debug|info|notice|warning|warn|error|critical|fatal)(?::|(?=\s*\|))|"
    r"[\[<](?P<bracket>debug|info|notice|warning|warn|error|critical|fatal)[\]>]|"
    r"(?P<upper>(?-i:DEBUG|INFO|NOTICE|WARNING|WARN|ERROR|CRITICAL|FATAL))\b)",
    re.IGNORECASE,
)
_SAME = {"warn": "warning", "fatal": "critical"}


def parse_line(line: str) -> LogLine:
    """A line of the log; one without a time was said by process 1 before it kept the log."""
    found = _LINE.fullmatch(line)
    if found is None:
        return LogLine(None, "init", _level(line), line)
    at_s, source, text = found.groups()
    return LogLine(float(at_s), source, _level(text), text)


def _level(text: str) -> str | None:
    found = _LEVEL.match(text)
    if found is None:
        return None
    level = (found["colon"] or found["bracket"] or found["upper"]).lower()
    return _SAME.get(level, level)


async def log_lines(
    path: Path, request: LogRequest, until: asyncio.Task[None] | None = None
) -> AsyncGenerator[LogLine, None]:
    """The lines that are asked for, and with `until` those that are added before that is done."""
    reader = LogReader(path)
    try:
        there = [line for line in reader.lines() if request.wants(line)]
        keep = len(there) if request.lines is None else request.lines
        for line in there[len(there) - min(keep, len(there)) :]:
            yield line
        while until is not None:
            last = until.done()
            for line in reader.lines():
                if request.wants(line):
                    yield line
            if last:
                return
            await asyncio.wait([until], timeout=_PERIOD_S)
    finally:
        reader.close()
        if until is not None:
            until.cancel()


class LogReader:
    """Reads on, across the change from one file to the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._rest = b""
        self._begun = False

    def lines(self) -> list[LogLine]:
        """What has come since the last time, as far as it is whole lines."""
        pieces = [self._rest]
        if not self._begun:
            self._begun = True
            self._file = self._open()
            pieces.append(self._former())
        if self._file is None:
            self._file = self._open()
        if self._file is not None:
            pieces.append(self._file.read())
            # What was written between the last read and the change is in the file that was open.
            while (new := self._changed()) is not None:
                pieces.append(self._file.read())
                self._file.close()
                self._file = new
                pieces.append(new.read())
        *whole, self._rest = b"".join(pieces).split(b"\n")
        return [parse_line(line.decode(errors="replace")) for line in whole]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _open(self) -> BinaryIO | None:
        try:
            return self._path.open("rb")
        except FileNotFoundError:
            return None

    def _former(self) -> bytes:
        """What is in `log.1`, unless that is the file that was just opened."""
        try:
            with self._path.with_name(f"{self._path.name}.1").open("rb") as former:
                if self._file is not None and os.path.sameopenfile(
                    former.fileno(), self._file.fileno()
                ):
                    return b""
                return former.read()
        except FileNotFoundError:
            return b""

    def _changed(self) -> BinaryIO | None:
        """The file that the log is by now, if that is another."""
        new = self._open()
        if new is None or self._file is None:
            return new
        if os.path.sameopenfile(new.fileno(), self._file.fileno()):
            new.close()
            return None
        return new
