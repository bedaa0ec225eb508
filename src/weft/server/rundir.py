"""The run directory: one folder per function, with its facts, log and sockets. There is no other state.

A folder is held (flock on `lock`) by whoever starts or removes its function. A folder that nobody
holds and whose process 1 does not answer is stale.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from weft.errors import NameTakenError, WeftError
from weft.model.function import FunctionFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FunctionFolder", "RunDirectory", "default_root"]

FORMAT = 1
_FIRST_UID = 0x4000_0000
_UIDS = 0x2000_0000
_FIRST_COMPONENT_UID = 0x6000_0000
_COMPONENT_UIDS = 0x0F00_0000
_FACTS = tuple(name for name in FunctionFacts.__slots__ if name != "uuid")
# The path of a unix socket has 107 bytes, those of /UUID/components.sock among them.
_LONGEST_ROOT = 107 - 53


def default_root() -> Path:
    """`/run/weft` for root, else below $XDG_RUNTIME_DIR; $WEFT_RUN_DIR where it is set."""
    chosen = os.environ.get("WEFT_RUN_DIR")
    if chosen:
        return Path(chosen).absolute()
    if os.geteuid() == 0:
        return Path("/run/weft")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return Path(runtime) / "weft" if runtime else Path(f"/tmp/weft-{os.geteuid()}")


class FunctionFolder:
    """The folder of one function."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.uuid = UUID(path.name)

    @property
    def log(self) -> Path:
        """What the function's processes have said."""
        return self.path / "log"

    @property
    def package(self) -> Path:
        """The package it runs, as it can be changed; a plain Click file has none."""
        return self.path / "package.zip"

    @property
    def graph(self) -> Path:
        """The graph that its engine starts with."""
        return self.path / "graph.click"

    @property
    def components(self) -> Path:
        """A folder for each process of a component, by key."""
        return self.path / "components"

    def sandbox(self) -> dict[str, Any]:
        """What init was told."""
        data = json.loads((self.path / "function.json").read_bytes())
        return dict(data["sandbox"])

    def facts(self) -> FunctionFacts | None:
        """What was written down when it was deployed; None while there is nothing readable."""
        try:
            data = json.loads((self.path / "function.json").read_bytes())
            return FunctionFacts(
                uuid=self.uuid,
                **{name: data[name] for name in _FACTS if name in data},
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def uids(self) -> set[int]:
        """The user ids its engine and its components run as."""
        try:
            data = json.loads((self.path / "function.json").read_bytes())
            sandbox = data["sandbox"]
            given = [sandbox["uid"], *dict(data.get("component_uids", {})).values()]
            return {int(uid) for uid in given}
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def write_facts(self, facts: FunctionFacts, sandbox: dict[str, Any]) -> None:
        """Write the facts, and what init needs to know, at once or not at all."""
        data = {"format": FORMAT, **{name: getattr(facts, name) for name in _FACTS}}
        data |= {"uuid": str(facts.uuid), "sandbox": sandbox}
        temporary = self.path / "function.json.new"
        temporary.write_text(
            json.dumps(data)
        )  # on one line: this is on the way to the first packet
        temporary.replace(self.path / "function.json")

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the folder; False where someone else does."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path, ignore_errors=True)


class RunDirectory:
    """All functions of one server."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folders(self) -> list[FunctionFolder]:
        """The folders there are; foreign names are left alone."""
        try:
            names = sorted(os.listdir(self.root))  # noqa: PTH208 - names are all we need
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError:
            raise WeftError(
                f"'{self.root}' is not readable", hint="run as the user of it"
            ) from None
        return [FunctionFolder(self.root / name) for name in names if _is_uuid(name)]

    def folder(self, uuid: UUID) -> FunctionFolder | None:
        """The folder of one function, if it is there."""
        path = self.root / str(uuid)
        return FunctionFolder(path) if path.is_dir() else None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory as a whole: names and user ids are given out under it."""
        try:
            self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
            descriptor = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def check_length(self) -> None:
        """Refuse a path so long that the sockets of a function could not be reached."""
        length = len(os.fsencode(self.root))
        if length > _LONGEST_ROOT:
            raise self._unusable(f"{length} bytes long; allowed: {_LONGEST_ROOT}, for its sockets")

    def _unusable(self, why: str) -> WeftError:
        return WeftError(
            f"the run directory '{self.root}' cannot be used: {why}",
            hint="choose another: set WEFT_RUN_DIR",
        )

    def reserve(
        self, uuid: UUID, name: str, project: str, components: int = 0
    ) -> tuple[FunctionFolder, int, list[int]]:
        """A new folder for a function, a user id for it and one for each of its components.

        Call it while `locked`, and write the user ids down before it is not.
        """
        taken: set[int] = set()
        for folder in self.folders():
            facts = folder.facts()
            if facts and (facts.name, facts.project) == (name, project):
                raise NameTakenError(name, project)
            taken |= folder.uids()
        uid = _free(_FIRST_UID, _UIDS, uuid.int, taken)
        further = [
            _free(_FIRST_COMPONENT_UID, _COMPONENT_UIDS, uuid.int >> 32, taken)
            for _ in range(components)
        ]
        path = self.root / str(uuid)
        path.mkdir()
        path.chmod(0o755)  # whatever the umask: its processes have users of their own
        return FunctionFolder(path), uid, further

    def further_uids(self, uuid: UUID, count: int) -> list[int]:
        """User ids for components that come to a function; see `reserve`."""
        taken = set().union(*(folder.uids() for folder in self.folders()))
        start = uuid.int >> 32
        return [_free(_FIRST_COMPONENT_UID, _COMPONENT_UIDS, start, taken) for _ in range(count)]


def _free(first: int, count: int, start: int, taken: set[int]) -> int:
    """A user id of this range that is not taken, and is from now on."""
    uid = next(uid for step in range(count) if (uid := first + (start + step) % count) not in taken)
    taken.add(uid)
    return uid


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
