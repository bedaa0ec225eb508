"""The store: a folder for each version of a package, with its archive and what is known about it.

`facts.json` names the archive beside it, or its pieces, and is replaced at once: whoever reads finds one or
the other.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from weft.errors import PackageTakenError, WeftError
from weft.manager.catalogue.pieces import joined, sweep_large, write_pieces
from weft.manager.catalogue.references import in_order
from weft.model.catalogue import PackageFacts, PackagePart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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

    def archive(self, wanted: PackageFacts) -> BinaryIO:
        """The archive of a package, as it was pushed: a file, which may be removed while it is read."""
        with self._errors():
            for facts, pieces in self._entries():
                if (facts.name, facts.version) == (wanted.name, wanted.version):
                    return joined(pieces)
        raise WeftError(f"'{wanted.name}@{wanted.version}' has just been removed from the store")

    def push(
        self,
        facts: PackageFacts,
        archive: bytes | BinaryIO,
        large: Sequence[tuple[int, int]] = (),
    ) -> PackageFacts:
        """Keep a package, at once or not at all; the facts under which it is kept.

        `large` are ranges of the archive's bytes that it may share with others.

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
            stream = io.BytesIO(archive) if isinstance(archive, bytes) else archive
            self._write(place, facts, stream, large)
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

    def _entries(self) -> Iterator[tuple[PackageFacts, list[Path]]]:
        if not self.folder.is_dir():
            return
        for name in sorted(self.folder.iterdir()):
            if name.name.startswith(".") or not name.is_dir():
                continue
            for place in sorted(name.iterdir()):
                found = self._read(place)
                if found is not None:
                    yield found

    def _read(self, place: Path) -> tuple[PackageFacts, list[Path]] | None:
        """What is kept in a folder, and the pieces of its archive; None where nothing is readable."""
        try:
            data = json.loads((place / _FACTS).read_bytes())
            known = {name: data[name] for name in _KNOWN if name in data}
            known["interfaces"] = tuple(known.get("interfaces", ()))
            known["parts"] = tuple(PackagePart(**part) for part in known.get("parts", ()))
            pieces = data.get("pieces") or [data["file"]]  # one file: as it was kept before
            return PackageFacts(**known), [place / str(piece) for piece in pieces]
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return None

    def _write(
        self,
        place: Path,
        facts: PackageFacts,
        archive: BinaryIO,
        large: Sequence[tuple[int, int]],
    ) -> None:
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            pieces = write_pieces(self.folder, fresh, archive, large)
            described = json.dumps({**asdict(facts), "pieces": pieces}, indent=1).encode()
            _replace(fresh / _FACTS, described)
            fresh.chmod(0o755)
            place.parent.mkdir(mode=0o755, exist_ok=True)
            if not place.is_dir():
                fresh.rename(place)
                return
            for name in (*pieces, _FACTS):  # the facts last: until then the former ones hold
                (fresh / name).replace(place / name)
            for path in place.iterdir():
                if path.name not in (*pieces, _FACTS):
                    path.unlink()
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else pushes or removes; what a push that was killed has left goes."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._sweep()
            try:
                yield
            finally:
                self._sweep()
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        for path in (*self.folder.glob(".new-*"), *self.folder.glob(".gone-*")):
            shutil.rmtree(path, ignore_errors=True)
        sweep_large(self.folder)

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
