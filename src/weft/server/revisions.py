"""The revisions of a function: what it was made of after each change, so that it can be again.

Each is a folder `revisions/NUMBER/` of the function's own, with `revision.json` and `package.zip`. It
is there whole or not at all.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from weft.errors import UsageError
from weft.model.revision import Revision
from weft.vnf.archive import read_zip

if TYPE_CHECKING:
    from pathlib import Path

    from weft.model.function import FunctionFacts
    from weft.model.package import PackageFile
    from weft.server.rundir import FunctionFolder

__all__ = ["KEPT", "Revisions"]

KEPT = 50
"""How many are kept: the first, and the latest."""


class Revisions:
    """The revisions of one function. The first is not written down until there is a second."""

    def __init__(self, folder: FunctionFolder) -> None:
        self._folder = folder
        self._place = folder.path / "revisions"

    def all(self) -> list[Revision]:
        """All that are kept, in order; what cannot be read is none."""
        found = [self._read(path) for path in self._folders()]
        kept = sorted((item for item in found if item), key=lambda item: item.number)
        facts = self._folder.facts()
        return kept or ([_first(facts)] if facts else [])

    def keep_first(self, facts: FunctionFacts) -> None:
        """Keep it as it was deployed, if that has not been done."""
        if not any(self._folders()):
            self._write(_first(facts))

    def add(
        self, cause: str, created: float, version: str, operation: str, values: dict[str, str]
    ) -> Revision:
        """Keep what the function's folder holds just now as a new revision."""
        kept = self.all()
        for item in kept:
            if item.operation == operation:
                return item
        number = kept[-1].number + 1 if kept else 1
        revision = Revision(number, cause, created, version, operation, values)
        self._write(revision)
        for item in kept[1 : len(kept) + 2 - KEPT]:
            shutil.rmtree(self._place / str(item.number), ignore_errors=True)
        return revision

    def get(self, number: int | None) -> tuple[Revision, tuple[PackageFile, ...]]:
        """One of them with its files; None is the one before the last."""
        kept = self.all()
        if number is None:
            if len(kept) < 2:
                raise UsageError("nothing to undo: it is as it was deployed")
            number = kept[-2].number
        for item in kept:
            if item.number == number:
                return item, read_zip(self._package(number))
        there = ", ".join(str(item.number) for item in kept) or "none"
        raise UsageError(f"no revision {number}; there are: {there}")

    def _package(self, number: int) -> Path:
        kept = self._place / str(number) / "package.zip"
        return kept if kept.exists() else self._folder.package

    def _write(self, revision: Revision) -> None:
        temporary = self._place / f"{revision.number}.new"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o700, parents=True)
        shutil.copy2(self._folder.package, temporary)
        (temporary / "revision.json").write_text(json.dumps(asdict(revision), indent=1))
        temporary.replace(self._place / str(revision.number))

    def _folders(self) -> list[Path]:
        return list(self._place.iterdir()) if self._place.is_dir() else []

    def _read(self, path: Path) -> Revision | None:
        try:
            data = json.loads((path / "revision.json").read_bytes())
            return Revision(**data) if path.name == str(data["number"]) else None
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _first(facts: FunctionFacts) -> Revision:
    return Revision(1, "deployed", facts.created, facts.version, facts.operation, facts.values)
