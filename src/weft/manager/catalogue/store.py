"""The store: a folder for each version of a package, with its archive and what is known about it.

`facts.json` names the archive beside it, and is replaced at once: whoever reads finds one or the other.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from weft.errors import PackageTakenError, WeftError
from weft.manager.catalogue.references import in_order
from weft.model.catalogue import PackageFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Store"]

_FACTS = "facts.json"
_KNOWN = set(PackageFacts.__slots__)


class Store:
    """The packages below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def packages(self) -> list[PackageFacts]:
        """Every package, by name, the newest version last."""
        with self._errors():
            return in_order([facts for facts, _ in self._entries()])

    def content(self, wanted: PackageFacts) -> bytes:
        """The archive of a package, as it was pushed."""
        with self._errors():
            for facts, archive in self._entries():
                if (facts.name, facts.version) == (wanted.name, wanted.version):
                    return archive.read_bytes()
        raise WeftError(f"'{wanted.name}@{wanted.version}' has just been removed from the store")

    def push(self, facts: PackageFacts, archive: bytes) -> PackageFacts:
        """Keep a package, at once or not at all; the facts under which it is kept.

        The same contents again are no error, and keep the archive there is unless only the new one is
        signed. Other contents under the same version are refused.
        """
        with self._errors(), self._locked():
            place = self.folder / facts.name / facts.version
            former = self._read(place)
            if former is not None:
                if former[0].digest != facts.digest:
                    raise PackageTakenError(facts.name, facts.version)
                if former[0].signed_by or not facts.signed_by:
                    return former[0]
                facts = replace(facts, pushed=former[0].pushed)
            self._write(place, facts, archive)
            return facts

    def remove(self, facts: PackageFacts) -> None:
        """Remove one version; functions that run it have a copy of their own."""
        with self._errors(), self._locked():
            place = self.folder / facts.name / facts.version
            gone = self.folder / f".gone-{os.getpid()}"
            with contextlib.suppress(FileNotFoundError):
                place.rename(gone)
                shutil.rmtree(gone)
            with contextlib.suppress(OSError):
                place.parent.rmdir()  # only where it was the last version

    def _entries(self) -> Iterator[tuple[PackageFacts, Path]]:
        if not self.folder.is_dir():
            return
        for name in sorted(self.folder.iterdir()):
            if name.name.startswith(".") or not name.is_dir():
                continue
            for place in sorted(name.iterdir()):
                found = self._read(place)
                if found is not None:
                    yield found

    def _read(self, place: Path) -> tuple[PackageFacts, Path] | None:
        """What is kept in a folder; None where there is nothing readable."""
        try:
            data = json.loads((place / _FACTS).read_bytes())
            known = {name: data[name] for name in _KNOWN if name in data}
            known["interfaces"] = tuple(known.get("interfaces", ()))
            return PackageFacts(**known), place / str(data["file"])
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return None

    def _write(self, place: Path, facts: PackageFacts, archive: bytes) -> None:
        file = f"{hashlib.sha256(archive).hexdigest()[:16]}.{facts.archive}"
        described = json.dumps({**asdict(facts), "file": file}, indent=1).encode()
        if place.is_dir():
            _replace(place / file, archive)
            _replace(place / _FACTS, described)
            for path in place.iterdir():
                if path.name not in (file, _FACTS):
                    path.unlink()
            return
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            _replace(fresh / file, archive)
            _replace(fresh / _FACTS, described)
            fresh.chmod(0o755)
            place.parent.mkdir(mode=0o755, exist_ok=True)
            fresh.rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else pushes or removes; what a push that was killed has left goes."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for path in (*self.folder.glob(".new-*"), *self.folder.glob(".gone-*")):
                shutil.rmtree(path, ignore_errors=True)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WeftError(
                f"the store '{self.folder}' cannot be used: {error.strerror or error}",
                hint="run as its user, or choose another: set WEFT_DATA_DIR",
            ) from None


def _replace(path: Path, content: bytes) -> None:
    """Write a file at once or not at all, so that it outlives a loss of power."""
    temporary = path.with_name(f"{path.name}.new")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.chmod(0o644)
    temporary.replace(path)
