"""The thresholds there are: some from the beginning, the others in a file of the data directory."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import tempfile
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from weft.errors import UsageError, WeftError
from weft.model.monitoring import Severity, Threshold

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUILT_IN", "GONE", "Thresholds"]

GONE = "gone"
"""The alarm of a function whose processes ended without anybody's doing; it has no threshold."""
BUILT_IN = (
    Threshold(
        "failed",
        "failed",
        above=0.5,
        severity=Severity.CRITICAL,
        text="it cannot be started; `weft show` says why",
    ),
    Threshold(
        "restarts",
        "restarts/s",
        above=0.0,
        hold_s=30.0,
        severity=Severity.MAJOR,
        text="its engine was started again; `weft logs` says why",
    ),
    Threshold(
        "component-down",
        "*.up",
        below=0.5,
        for_s=3.0,
        severity=Severity.MAJOR,
        text="its component '{subject}' is not ready",
    ),
    Threshold(
        "component-restarts",
        "*.restarts/s",
        above=0.0,
        hold_s=30.0,
        text="its component '{subject}' was started again; `weft show` says how it ended",
    ),
    Threshold(
        "packets-lost",
        "*.drops.ring-full/s,*.drops_in.kernel-drops/s,*.drops.component-*/s,*.drops.hold-full/s,"
        "*.drops.violation/s,*.drops.no-buffer/s",
        above=10.0,
        for_s=3.0,
        hold_s=10.0,
        severity=Severity.WARNING,
        text="packets are lost at '{subject}': {series} is {value}",
    ),
    Threshold(
        "memory",
        "memory_used,*.memory_used",
        above=0.9,
        for_s=5.0,
        clear=0.8,
        severity=Severity.MAJOR,
        text="{series} is {value}: its memory will not do",
    ),
    Threshold(
        "link-down",
        "*.link",
        below=0.5,
        for_s=3.0,
        severity=Severity.MAJOR,
        text="its interface '{subject}' has no link",
    ),
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_MOST = 1000
_LONGEST = 1024
_NUMBERS = ("above", "below", "for_s", "clear", "hold_s")


class Thresholds:
    """Those that hold, by id. One that is set takes the place of a built-in one of its id."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "thresholds.json"
        self._set: dict[str, Threshold] = {}
        self._removed: list[str] = []
        self._stamp: tuple[int, int] | None = None
        self._last = list(BUILT_IN)

    def all(self) -> list[Threshold]:
        """Those that hold, the built-in ones first."""
        self._read()
        built_in = [item for item in BUILT_IN if item.id not in {*self._removed, *self._set}]
        return [*built_in, *self._set.values()]

    def held(self) -> list[Threshold]:
        """As `all`; while the file is not to be read those that held before."""
        with contextlib.suppress(WeftError):
            self._last = self.all()
        return self._last

    def put(self, threshold: Threshold) -> None:
        """Add one, or replace the one of its id; UsageError where it makes no sense."""
        check_threshold(threshold)
        self._read()
        if threshold.id not in self._set and len(self._set) >= _MOST:
            raise UsageError(f"there are {_MOST} thresholds already; remove some first")
        self._set[threshold.id] = threshold
        if threshold.id in self._removed:
            self._removed.remove(threshold.id)
        self._write()

    def remove(self, name: str) -> None:
        """Remove one; a built-in one stays away until one of its id is set."""
        there = [item.id for item in self.all()]
        if name not in there:
            raise UsageError(f"no threshold '{name}'; there are: {', '.join(there) or 'none'}")
        self._set.pop(name, None)
        if any(item.id == name for item in BUILT_IN):
            self._removed.append(name)
        self._write()

    def _read(self) -> None:
        """Read the file, if it has changed."""
        try:
            facts = self._path.stat()
            stamp = (facts.st_mtime_ns, facts.st_ino)
            if stamp == self._stamp:
                return
            text = self._path.read_bytes()
        except FileNotFoundError:
            self._set, self._removed, self._stamp = {}, [], None
            return
        except OSError as error:
            raise WeftError(f"'{self._path}' cannot be read: {error.strerror or error}") from None
        try:
            data = json.loads(text)
            found = [_threshold(item) for item in data["thresholds"]]
            removed = [str(name) for name in data["removed"]]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise WeftError(
                f"'{self._path}' is not what was written there: {error}",
                hint="mend it, or move it away to begin with the built-in thresholds",
            ) from None
        self._set = {item.id: item for item in found}
        self._removed = removed
        self._stamp = stamp

    def _write(self) -> None:
        """Write the file, whole or not at all."""
        data = {
            "thresholds": [asdict(item) for item in self._set.values()],
            "removed": self._removed,
        }
        self._stamp = None  # whatever comes of it, the file says what holds
        try:
            self._replace(json.dumps(data, indent=1))
        except OSError as error:
            raise WeftError(
                f"'{self._path}' cannot be written: {error.strerror or error}",
                hint="run as the user of that folder, or choose another: set WEFT_DATA_DIR",
            ) from None

    def _replace(self, text: str) -> None:
        self._path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".thresholds")
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            os.replace(temporary, self._path)  # noqa: PTH105 - a name, as mkstemp gives it
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise


def check_threshold(threshold: Threshold) -> None:
    """UsageError that says what is wrong with it."""
    name = f"threshold '{threshold.id[:64]}'"
    if not _ID.fullmatch(threshold.id) or threshold.id == GONE:
        raise UsageError(
            f"{name}: allowed: letters, digits and _ . -, 63 at most, the first a letter or digit, "
            f"and not '{GONE}'"
        )
    if (threshold.above is None) == (threshold.below is None):
        raise UsageError(f"{name}: allowed: one of above and below")
    for field in _NUMBERS:
        value = getattr(threshold, field)
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{name}: {field} is {value}: allowed: a number")
    if min(threshold.for_s, threshold.hold_s) < 0:
        raise UsageError(f"{name}: for_s and hold_s: allowed: 0 or more seconds")
    if threshold.clear is not None and threshold.is_beyond(threshold.clear):
        raise UsageError(f"{name}: clear is {threshold.clear:g}, which is {threshold.condition}")
    texts = (threshold.series, threshold.function, threshold.text)
    if not all(texts[:2]) or max(map(len, texts)) > _LONGEST:
        raise UsageError(
            f"{name}: series and function: allowed: names or globs, {_LONGEST} characters at most"
        )
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name}: series, function and text: allowed: text in UTF-8") from None


def _threshold(data: dict[str, Any]) -> Threshold:
    known = {field.name for field in fields(Threshold)}
    given: dict[str, Any] = {name: value for name, value in data.items() if name in known}
    given["severity"] = Severity(given.get("severity", Severity.MINOR))
    threshold = Threshold(**given)
    check_threshold(threshold)
    return threshold
