"""The programs of the server that components are built with, run under a bound and able to be ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weft.errors import EngineError, PackageError, WeftError
from weft.model.package import MANIFEST
from weft.model.problem import Problem
from weft.vnf.building.cache import Cache
from weft.vnf.building.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from weft.model.package import Component

__all__ = ["Finished", "Tools", "copied", "failed", "find_command", "problem_in"]

_OUTPUT_LIMIT = 2**20
_LIMIT_S = 900.0
_BOUNDED = 'ulimit -v 4194304 -t 120 -f 2097152 -c 0; exec "$@"'
# Who compiles foreign sources where we are root: a user that owns nothing.
_BUILDER = 0x6FFF_FFFE
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended: its status, and what it said on both outputs."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Tools:
    """What a component is prepared with.

    `sdk` is the folder of the SDKs, `cache` one that outlives the function, `say` tells a person
    what takes long. `mounts` is the folder inside the sandbox where further folders of the server
    can be shown; None where nothing is going to be started.
    """

    sdk: Path
    cache: Path
    say: Callable[[str], None]
    mounts: Path | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _running: set[subprocess.Popen[str]] = field(default_factory=set)

    def places(self) -> Places:
        """What one component needs to see of the server."""
        hidden = self.mounts.parent.parent if self.mounts else None
        return Places(self.mounts, hidden)

    def cached(self, kind: str, digest: str, build: Callable[[Path], None]) -> Path:
        """The folder of this digest in the cache, built where it is not there yet."""
        return Cache(self.cache).entry(kind, digest, build)

    def sdk_file(self, component: Component, name: str) -> Path:
        """A file of an SDK; PackageError tells how to get it."""
        path = self.sdk / name
        if not path.exists():
            raise failed(component, f"the SDK is not built: no '{path}'; run `make sdk` in a clone")
        return path

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
        each_line: Callable[[str], None] | None = None,
    ) -> Finished:
        """Run a program until it ends; it is ended when it takes too long, or by `end`."""
        return self._run(command, folder, environment or {}, each_line, None)

    def run_bounded(self, command: Sequence[str], folder: Path, owned: Path) -> Finished:
        """Run a compiler on foreign sources: little memory and time, and not as root.

        `owned` is the folder that it may write in, `folder` among it.
        """
        bounded = ["/bin/sh", "-c", _BOUNDED, "sh", *command]
        user = _BUILDER if os.geteuid() == 0 else None
        if user is not None:
            for path in (owned, *owned.rglob("*")):
                os.chown(path, user, user, follow_symlinks=False)
        home = {"HOME": str(owned), "TMPDIR": str(owned), "LC_ALL": "C"}
        return self._run(bounded, folder, home, None, user)

    def end(self) -> None:
        """End what runs, and refuse to run anything further."""
        self._ended.set()
        for process in list(self._running):
            _kill(process)

    def _run(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        each_line: Callable[[str], None] | None,
        user: int | None,
    ) -> Finished:
        try:
            process = subprocess.Popen(
                list(command),
                cwd=folder,
                env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                umask=0o022,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(f"cannot run '{command[0]}': {error.strerror}") from None
        limit = threading.Timer(_LIMIT_S, _kill, [process])
        limit.daemon = True  # nobody who is interrupted waits for it
        try:
            self._running.add(process)
            limit.start()
            if self._ended.is_set():
                _kill(process)
            output = _read(process, each_line)
            return Finished(process.wait(), output)
        finally:
            limit.cancel()
            _kill(process)
            self._running.discard(process)
            if self._ended.is_set():
                raise WeftError("building was broken off")


def _read(process: subprocess.Popen[str], each_line: Callable[[str], None] | None) -> str:
    """What a program says, up to a bound; the rest is read and left out."""
    assert process.stdout is not None
    kept: list[str] = []
    length = 0
    with process.stdout:
        while line := process.stdout.readline(65536):
            if length < _OUTPUT_LIMIT:
                kept.append(line)
                length += len(line)
            if each_line is not None:
                each_line(line.rstrip())
    return "".join(kept)


def _kill(process: subprocess.Popen[str]) -> None:
    """End a program with all it started, unless it has ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def failed(component: Component, message: str) -> PackageError:
    """An error about a component as a whole."""
    return PackageError(component.name, [problem_in(component, message)])


def problem_in(component: Component, message: str) -> Problem:
    """What is wrong with the entry of a component in `vnf.yaml`."""
    return Problem(MANIFEST, component.line, f"components: {component.name}: {message}")


def find_command(component: Component, name: str, package: str) -> str:
    """The path of a program of the server; PackageError names the Debian package that has it."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{_PATH}")
    if found is None:
        raise failed(
            component,
            f"framework {component.framework} needs '{name}', which is not installed; "
            f"on Debian: apt-get install {package}",
        )
    return found


def copied(source: Path, target: Path) -> Path:
    """A copy that everybody may read and run and only we may change."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755)
    return target
