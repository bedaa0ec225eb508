"""Golden files: configurations, the traffic they get, and what they must print and send.

A file holds cases, each begun by `%case TITLE`; a case has sections, each begun by a `%` line:

    %config               the configuration, given by `-e` ("config:LINE" in messages)
    %args -h c.count      further arguments of `weft-engine click --simtime`
    %input in.pcap [RAW]  packets: a line of hex each, optionally behind `@SECONDS`
    %file rules.txt       a text file
    %output out.pcap      the packets that must have been written, times compared where given
    %result out.txt       the text that must have been written
    %stdout, %stderr      what must be printed; `{{regex}}` matches inside a line; nothing if missing
    %status 1             the exit status; 0 if missing
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.golden.capture import LINK_TYPES, Packet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Case", "GoldenError", "Input", "line_matches", "read_cases"]


class GoldenError(Exception):
    """A golden file that cannot be read: where and why."""


@dataclass(frozen=True)
class Input:
    """A capture file that a case starts with."""

    packets: tuple[Packet, ...]
    link_type: str


@dataclass
class Case:
    """One configuration and what it must do."""

    path: Path
    title: str
    config: str = ""
    args: tuple[str, ...] = ()
    inputs: dict[str, Input] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, tuple[Packet, ...]] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    status: int = 0


def read_cases(path: Path) -> list[Case]:
    """The cases of one golden file."""
    cases: list[Case] = []
    for number, keyword, argument, body in _sections(path):
        try:
            if keyword == "case":
                cases.append(Case(path, argument))
            elif cases:
                _add(cases[-1], keyword, argument, body)
            else:
                raise ValueError("a section before the first %case")
        except (ValueError, ArithmeticError) as error:
            raise GoldenError(f"{path}:{number}: {error}") from error
    titles = [case.title for case in cases]
    if not cases or len(set(titles)) != len(titles) or "" in titles:
        raise GoldenError(f"{path}: needs cases, each with a title of its own")
    return cases


def _sections(path: Path) -> Iterator[tuple[int, str, str, list[str]]]:
    head: tuple[int, str, str] | None = None
    body: list[str] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        match = re.fullmatch(r"%([a-z]+)(?: +(.*?))? *", line)
        if not match:
            body.append(line)
            continue
        if head:
            yield *head, body
        head, body = (number, match[1], match[2] or ""), []
    if head:
        yield *head, body


def _add(case: Case, keyword: str, argument: str, body: list[str]) -> None:
    text = "\n".join(body).rstrip("\n")
    match keyword:
        case "config":
            case.config = text + "\n"
        case "args":
            case.args = tuple(shlex.split(argument))
        case "input":
            name, _, link_type = argument.partition(" ")
            if (link_type or "EN10MB") not in LINK_TYPES:
                raise ValueError(f"link type '{link_type}'; known: {', '.join(LINK_TYPES)}")
            case.inputs[name] = Input(_packets(body), link_type or "EN10MB")
        case "file":
            case.files[argument] = text + "\n"
        case "output":
            case.outputs[argument] = _packets(body)
        case "result":
            case.results[argument] = text
        case "stdout":
            case.stdout = text
        case "stderr":
            case.stderr = text
        case "status":
            case.status = int(argument)
        case _:
            raise ValueError(f"unknown section '%{keyword}'")


def _packets(lines: list[str]) -> tuple[Packet, ...]:
    return tuple(_packet(line) for line in lines if line.strip() and not line.startswith("#"))


def _packet(line: str) -> Packet:
    if not line.startswith("@"):
        return Packet(bytes.fromhex(line))
    seconds, _, data = line[1:].partition(" ")
    return Packet(bytes.fromhex(data), int(Decimal(seconds) * 10**9))


def line_matches(expected: str, line: str) -> bool:
    """Whether a line of output is as expected, `{{...}}` in the expectation being expressions."""
    parts = re.split(r"\{\{(.*?)\}\}", expected)
    pattern = "".join(
        f"(?:{part})" if index % 2 else re.escape(part) for index, part in enumerate(parts)
    )
    return re.fullmatch(pattern, line) is not None
