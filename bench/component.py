"""Graphs with components beside the engine, for figures of the shared memory between them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.figure import BrokenRunError
from bench.process import Child, cpu_s, run, running
from weft.errors import HandlerError, NotRunningError
from weft.launcher import sdk_folder
from weft.vnf.control import ControlSocket

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.setting import Setting

__all__ = ["ENGINE", "Graph", "Part", "Rate", "chain", "graph", "part"]

PARTS = Path(__file__).with_name("parts")
ENGINE = "engine"
_SOURCE = Path(__file__).resolve().parents[1] / "src"
_READY_S = 60.0
_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Part:
    """A component: what it is called in the graph, and the command that runs it."""

    key: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """What passed in a time, and the CPU-seconds that each process took meanwhile."""

    packets: int
    cpu_s: dict[str, float]

    @property
    def per_cpu_s(self) -> float:
        """Packets per CPU-second of all processes together."""
        return self.packets / sum(self.cpu_s.values())

    def per_cpu_s_of(self, key: str) -> float:
        """Packets per CPU-second of one process."""
        return self.packets / self.cpu_s[key]


def part(setting: Setting, key: str, file: str, *arguments: str) -> Part:
    """The component that a file of `bench/parts` is the source of, built at first use."""
    source = PARTS / file
    make = {".c": _c, ".java": _java, ".mjs": _javascript, ".py": _python}[source.suffix]
    return Part(key, (*make(setting, source), *arguments))


def _c(setting: Setting, source: Path) -> tuple[str, ...]:
    built = setting.folder / source.stem
    if not built.exists():
        sdk = sdk_folder() / "c"
        options = ("-std=gnu11", "-O3", "-march=native", "-Wall", "-Wextra", f"-I{sdk / 'include'}")
        library = sdk / "libweft_component.a"
        run(["cc", *options, "-o", str(built), str(source), str(library)]).checked()
    return (str(built),)


def _java(setting: Setting, source: Path) -> tuple[str, ...]:
    path = f"{sdk_folder() / 'java' / 'weft-component.jar'}:{setting.folder}"
    if not (setting.folder / f"{source.stem}.class").exists():
        run(["javac", "-cp", path, "-d", str(setting.folder), str(source)]).checked()
    return ("java", "-cp", path, source.stem)


def _javascript(setting: Setting, source: Path) -> tuple[str, ...]:
    module = setting.folder / "node_modules" / "weft-component"
    if not module.exists():
        module.parent.mkdir()
        module.symlink_to(sdk_folder() / "javascript")
    return ("node", str(shutil.copy(source, setting.folder)))


def _python(_setting: Setting, source: Path) -> tuple[str, ...]:
    path = os.pathsep.join(filter(None, (str(_SOURCE), os.environ.get("PYTHONPATH"))))
    return ("env", f"PYTHONPATH={path}", sys.executable, str(source))


def chain(source: str, parts: Sequence[Part], arguments: str = "") -> str:
    """A graph from a source through components to the counter `out`."""
    elements = [f"{one.key} :: Component({one.key}{arguments})" for one in parts]
    return " -> ".join([source, *elements, "out :: Counter", "Discard"]) + ";\n"


class Graph:
    """An engine that runs a graph, its components, and a connection to its ControlSocket."""

    def __init__(self, engine: Child, control: str, runner: asyncio.Runner) -> None:
        self.children = {ENGINE: engine}
        self._runner = runner
        self._control = self._connected(control)

    def _connected(self, path: str) -> ControlSocket:
        deadline = time.monotonic() + _READY_S
        while True:
            try:
                return self._runner.run(ControlSocket.connect_unix(path))
            except NotRunningError:
                self.check(deadline)
                time.sleep(_POLL_S)

    def read(self, handler: str) -> str:
        """The value of a handler."""
        return self._runner.run(self._control.read(handler)).decode().strip()

    def write(self, handler: str, value: str = "") -> None:
        """Write a value to a handler."""
        self._runner.run(self._control.write(handler, value))

    def close(self) -> None:
        """Hang up."""
        self._control.close()

    def check(self, deadline: float) -> None:
        """BrokenRunError when it is too late, or a process has ended."""
        for key, child in self.children.items():
            if child.poll() is not None:
                raise BrokenRunError(f"{key} ended: {child.errors().strip()[-2000:]}")
        if time.monotonic() > deadline:
            raise BrokenRunError("a graph with components takes too long")

    def wait_until(self, handler: str, value: str, timeout_s: float = _READY_S) -> None:
        """Return when a handler has this value."""
        deadline = time.monotonic() + timeout_s
        while self.read(handler) != value:
            self.check(deadline)
            time.sleep(_POLL_S)

    def measure(self, duration_s: float, counter: str = "out.count") -> Rate:
        """Packets counted within a time, and the CPU time they took."""
        packets, before = int(self.read(counter)), self._cpu_s()
        time.sleep(duration_s)
        passed, after = int(self.read(counter)) - packets, self._cpu_s()
        self.check(time.monotonic() + 1)
        if passed <= 0:
            raise BrokenRunError(f"nothing passed {counter}")
        return Rate(passed, {key: after[key] - before[key] for key in after})

    def _cpu_s(self) -> dict[str, float]:
        return {key: cpu_s(child.pid) for key, child in self.children.items()}


@contextlib.contextmanager
def graph(
    setting: Setting,
    config: str,
    parts: Sequence[Part],
    pins: tuple[int, int] | tuple[None, None] = (None, None),
) -> Iterator[Graph]:
    """A graph whose components are all ready, for the length of the body. `pins` are the cores of
    the engine and of all components."""
    file, listener, control = (setting.folder / f"graph.{end}" for end in ("click", "all", "ctl"))
    for path in (listener, control):
        path.unlink(missing_ok=True)
    file.write_text(f"ComponentListener({listener});\nControlSocket(UNIX, {control});\n{config}")
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        engine = stack.enter_context(running([setting.engine, "click", str(file)], pins[0]))
        made = Graph(engine, str(control), runner)
        stack.callback(made.close)
        for one in parts:
            names = (f"WEFT_COMPONENT={listener}", f"WEFT_COMPONENT_NAME={one.key}")
            command = ["env", *names, *one.command]
            made.children[one.key] = stack.enter_context(running(command, pins[1]))
        for one in parts:
            made.wait_until(f"{one.key}.state", "ready")
        yield made
        _check_intact(made, parts)


def _check_intact(made: Graph, parts: Sequence[Part]) -> None:
    """No component was cut off or lost meanwhile."""
    for one in parts:
        with contextlib.suppress(HandlerError):
            state = made.read(f"{one.key}.state")
            if state != "ready":
                raise BrokenRunError(f"component {one.key} is {state} at the end")
