"""The `.mf` of an archive: what it is of, and a hash of each of its files (SOL004, 4.3)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weft.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weft.model.package import PackageFile

__all__ = [
    "ALGORITHMS",
    "Entry",
    "Listing",
    "key_and_value",
    "listing_text",
    "read_listing",
    "signed_part",
]

ALGORITHMS = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_SIGNATURE = re.compile(rb"^-----BEGIN (?P<kind>CMS|PKCS7)-----\r?\n", re.MULTILINE)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_ENTRY_KEYS = ("Algorithm", "Hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one file, and on which line it begins."""

    source: str
    algorithm: str
    hash: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A `.mf` that was read."""

    metadata: Mapping[str, str]
    entries: tuple[Entry, ...]


def listing_text(metadata: Mapping[str, str], files: Iterable[PackageFile]) -> str:
    """The text of a `.mf`, without a signature."""
    lines = ["metadata:", *(f"  {key}: {_plain(value)}" for key, value in metadata.items()), ""]
    for file in files:
        digest = hashlib.sha256(file.content).hexdigest()
        lines += [f"Source: {file.name}", "Algorithm: SHA-256", f"Hash: {digest}", ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """A value on one line, whatever was in it."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def key_and_value(line: str) -> tuple[str, str] | None:
    """The halves of a line `KEY: VALUE`; None where it is not one."""
    key, colon, value = line.partition(":")
    return (key.strip(), value.strip()) if colon and _KEY.fullmatch(key.strip()) else None


def signed_part(content: bytes) -> tuple[bytes, bytes | None]:
    """What a signature is of, and the signature after it; None where there is none."""
    match = _SIGNATURE.search(content)
    if match is None:
        return content, None
    return content[: match.start()], content[match.start() :]


def read_listing(file: str, content: bytes) -> tuple[Listing, list[Problem]]:
    """What a `.mf` says, and what is wrong with how it says it."""
    reading = _Reading(file)
    text = signed_part(content)[0].decode("utf-8", "replace")
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        reading.line(number, line)
    reading.end()
    return Listing(reading.metadata, tuple(reading.entries)), reading.problems


class _Reading:
    """Line by line; an entry begins with `Source` and ends before the next."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.metadata: dict[str, str] = {}
        self.entries: list[Entry] = []
        self._entry: dict[str, str] | None = None
        self._begun = 0

    def line(self, number: int, text: str) -> None:
        if not text.strip() or text.strip() == "metadata:":
            return
        pair = key_and_value(text)
        if pair is None:
            self._problem(number, f"'{_shown(text)}' is not understood; allowed: KEY: VALUE")
        elif pair[0] == "Source":
            self.end()
            self._entry, self._begun = {"Source": pair[1]}, number
        elif self._entry is not None:
            self._entry.setdefault(*pair)
        else:
            self.metadata.setdefault(*pair)

    def end(self) -> None:
        """Take the entry that has been read."""
        entry, self._entry = self._entry, None
        if entry is None:
            return
        missing = [key for key in _ENTRY_KEYS if key not in entry]
        if missing:
            self._problem(self._begun, f"'{entry['Source']}' has no {' and no '.join(missing)}")
        elif entry["Algorithm"].upper() not in ALGORITHMS:
            allowed = ", ".join(ALGORITHMS)
            said = f"algorithm '{_shown(entry['Algorithm'])}' is not known; allowed: {allowed}"
            self._problem(self._begun, said)
        self.entries.append(
            Entry(entry["Source"], entry.get("Algorithm", ""), entry.get("Hash", ""), self._begun)
        )

    def _problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))


def _shown(text: str) -> str:
    return text.strip() if len(text) <= 80 else text.strip()[:80] + "..."
