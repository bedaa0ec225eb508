"""What the command line talks to: one Protocol, and its implementation in this process.

Imports are inside the methods: a command pays only for what it uses.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from weft.errors import FunctionNotFoundError, HandlerError, PrivilegeError, UsageError
from weft.model.function import DEFAULT_PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence

    from weft.model.change import ChangePlan, Edit
    from weft.model.function import FunctionFacts, FunctionRequest, FunctionStatus
    from weft.model.look import Look
    from weft.model.problem import Problem
    from weft.model.trace import TraceRequest
    from weft.server.agent import LocalAgent

__all__ = ["Client", "LocalClient", "local_client"]

# ControlSocket: no such element, no such handler.
_NOT_THERE = (510, 511)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)


class Client(Protocol):
    """Everything the commands need."""

    def package_init(self, name: str) -> Path:
        """Make a package to start from."""
        ...

    def package_check(self, path: str) -> dict[str, Any]:
        """The facts of a package without problems; PackageError lists all there are."""
        ...

    def package_graph(self, path: str) -> str:
        """The graph that a package without problems becomes."""
        ...

    def prepare(
        self,
        path: str,
        name: str | None,
        interfaces: Sequence[str],
        settings: Mapping[str, str],
        drivers: Sequence[str] = (),
    ) -> FunctionRequest:
        """What to run, checked whole: a package or Click file with its interfaces joined."""
        ...

    def run_on_files(self, request: FunctionRequest) -> int:
        """Run a function whose interfaces are all pcap files; the engine's exit status."""
        ...

    async def run(self, request: FunctionRequest) -> FunctionFacts:
        """Start a function in a sandbox."""
        ...

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function with its status."""
        ...

    async def function(self, name: str) -> tuple[FunctionFacts, FunctionStatus]:
        """One function, by name or by the start of its UUID."""
        ...

    async def start(self, name: str) -> None:
        """Start the processing of a function."""
        ...

    async def stop(self, name: str) -> None:
        """End the processing of a function and keep its sandbox."""
        ...

    async def selected(self, selector: str) -> list[FunctionFacts]:
        """The functions that a name or a glob such as `fw-*` means, at least one."""
        ...

    async def reconfigure(
        self,
        facts: FunctionFacts,
        package: str | None,
        edit: Edit,
        settings: Mapping[str, str],
        *,
        dry_run: bool = False,
    ) -> ChangePlan:
        """Change the components or the path of a running function, to those of a package or by an edit."""
        ...

    async def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """End a function and remove all of it."""
        ...

    async def look(self, facts: FunctionFacts) -> Look:
        """The counts of a function and its components just now."""
        ...

    def bottleneck(self, facts: FunctionFacts, before: Look, after: Look) -> str:
        """The line that says what limits a function."""
        ...

    async def read(self, name: str, handler: str, parameters: str = "") -> bytes:
        """Read a handler."""
        ...

    async def write(self, name: str, handler: str, value: str) -> None:
        """Write a handler."""
        ...

    def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets of a function; what the engine tells of them, look by look."""
        ...

    async def graph(self, name: str) -> str:
        """The text of the graph that runs in a function."""
        ...

    def log(self, name: str, lines: int | None, follow: bool) -> AsyncIterator[str]:
        """The log of a function, as text in pieces."""
        ...

    async def wait_gone(self, facts: FunctionFacts) -> None:
        """Return when a function has ended."""
        ...

    def facts(self) -> list[dict[str, str]]:
        """What this server has and lacks, each with what to do about it."""
        ...


def local_client(say: Callable[[str], None] = lambda _line: None) -> LocalClient:
    """The client of this server, in this process; `say` is told, line by line, what takes long."""
    return LocalClient(say)


@contextlib.contextmanager
def _handlers_named(name: str) -> Iterator[None]:
    """Where an element or a handler is not there, tell how to learn of those that are."""
    try:
        yield
    except HandlerError as error:
        if error.code in _NOT_THERE:
            error.hint = (
                f"`weft read {name} list` names the elements, "
                f"`weft read {name} ELEMENT.handlers` the handlers of one"
            )
        raise


class LocalClient:
    """Uses the agent of this server directly."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def package_init(self, name: str) -> Path:
        """Make a package in the current folder."""
        from weft.vnf.template import make_package

        return make_package(name)

    def package_check(self, path: str) -> dict[str, Any]:
        """Check a package, its components' building included, and describe it."""
        from weft.vnf.components import check_components
        from weft.vnf.package import load_package

        warnings: list[Problem] = []
        package = load_package(Path(path), warnings)
        check_components(package, self._say)
        return {
            "vnf": package.name,
            "version": package.version,
            "interfaces": list(package.interfaces),
            "components": {item.name: item.file or item.framework for item in package.components},
            "parameters": {item.name: item.default for item in package.parameters},
            "files": len(package.files),
            "warnings": [str(warning) for warning in warnings],
        }

    def package_graph(self, path: str) -> str:
        """Check a package and compile its path."""
        from weft.vnf.forwarder import graph_of
        from weft.vnf.package import load_package

        return graph_of(load_package(Path(path)))

    def prepare(
        self,
        path: str,
        name: str | None,
        interfaces: Sequence[str],
        settings: Mapping[str, str],
        drivers: Sequence[str] = (),
    ) -> FunctionRequest:
        """A folder or zip is a package; any other file is a Click configuration."""
        from uuid import uuid4

        from weft.model.function import FunctionRequest
        from weft.vnf.interfaces import match_bindings, match_drivers, parse_binding
        from weft.vnf.package import load_click_file, load_package, parameter_values

        bindings = [parse_binding(text) for text in interfaces]
        place = Path(path)
        if place.is_file() and place.suffix != ".zip":
            package = load_click_file(place, settings)
        else:
            package = load_package(place)
        values = parameter_values(package, settings)
        matched = match_bindings(package.interfaces, bindings)
        chosen = name if name is not None else package.name
        if not _NAME.fullmatch(chosen):
            raise UsageError(
                f"'{chosen}' cannot name a function; allowed: letters, digits and _ . -, 63 at most, "
                "the first a letter or digit",
                hint="give another with --name",
            )
        return FunctionRequest(
            uuid4(),
            chosen,
            package,
            matched,
            tuple(values.items()),
            drivers=match_drivers(package, matched, drivers),
        )

    def run_on_files(self, request: FunctionRequest) -> int:
        """Run the graph in a process of ours, until its input ends."""
        from weft.vnf.offline import run_on_files

        return run_on_files(request)

    async def run(self, request: FunctionRequest) -> FunctionFacts:
        """Deploy the function."""
        from uuid import uuid4

        return await self._agent().deploy(str(uuid4()), request)

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function; those that were gone are in the list once, and cleaned."""
        return await self._agent().functions()

    async def function(self, name: str) -> tuple[FunctionFacts, FunctionStatus]:
        """One function of the default project."""
        found = await self.functions()
        for facts, status in found:
            if (facts.name, facts.project) == (name, DEFAULT_PROJECT):
                return facts, status
        near = [item for item in found if len(name) >= 4 and str(item[0].uuid).startswith(name)]
        if len(near) == 1:
            return near[0]
        raise FunctionNotFoundError(name, [facts.name for facts, _ in found])

    async def start(self, name: str) -> None:
        """Start the processing again."""
        from uuid import uuid4

        facts, _ = await self._own(name)
        await self._agent().start(str(uuid4()), facts.uuid)

    async def stop(self, name: str) -> None:
        """End the processing."""
        from uuid import uuid4

        facts, _ = await self._own(name)
        await self._agent().stop(str(uuid4()), facts.uuid)

    async def selected(self, selector: str) -> list[FunctionFacts]:
        """A name means one function, and a glob all that match in the default project."""
        from fnmatch import fnmatchcase

        if not set(selector) & set("*?["):
            return [(await self._own(selector))[0]]
        found = [facts for facts, _ in await self.functions()]
        chosen = [
            facts
            for facts in found
            if facts.project == DEFAULT_PROJECT and fnmatchcase(facts.name, selector)
        ]
        if not chosen:
            raise FunctionNotFoundError(selector, [facts.name for facts in found])
        return sorted(chosen, key=lambda facts: facts.name)

    async def reconfigure(
        self,
        facts: FunctionFacts,
        package: str | None,
        edit: Edit,
        settings: Mapping[str, str],
        *,
        dry_run: bool = False,
    ) -> ChangePlan:
        """Change a running function."""
        from uuid import uuid4

        from weft.model.change import Change
        from weft.vnf.source import read_files

        files = None if package is None else read_files(Path(package))
        change = Change(
            facts.uuid, files, package or "", edit, tuple(settings.items()), dry_run=dry_run
        )
        return await self._agent().reconfigure(str(uuid4()), change)

    async def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """Remove the function."""
        from uuid import uuid4

        try:
            facts, _ = await self._own(name)
        except FunctionNotFoundError:
            if missing_ok:
                return
            raise
        await self._agent().remove(str(uuid4()), facts.uuid)

    async def look(self, facts: FunctionFacts) -> Look:
        """Look at a function once."""
        return await self._agent().look(facts.uuid)

    def bottleneck(self, facts: FunctionFacts, before: Look, after: Look) -> str:
        """From two looks at it."""
        from weft.vnf.bottleneck import bottleneck

        return bottleneck(before, after, facts.frameworks)

    async def read(self, name: str, handler: str, parameters: str = "") -> bytes:
        """Read a handler of the running graph."""
        facts, _ = await self._own(name)
        with _handlers_named(name):
            return await self._agent().read(facts.uuid, handler, parameters)

    async def write(self, name: str, handler: str, value: str) -> None:
        """Write a handler of the running graph."""
        from uuid import uuid4

        facts, _ = await self._own(name)
        with _handlers_named(name):
            await self._agent().write(str(uuid4()), facts.uuid, handler, value)

    async def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets until all that were asked for have come to their end."""
        from contextlib import aclosing

        facts, _ = await self._own(name)
        async with aclosing(self._agent().trace(facts.uuid, request)) as looks:
            async for look in looks:
                yield look

    async def graph(self, name: str) -> str:
        """The graph as it is now, which a hot swap may have changed."""
        text = await self.read(name, "config")
        return text.decode("utf-8", errors="surrogateescape")

    async def log(self, name: str, lines: int | None, follow: bool) -> AsyncIterator[str]:
        """The last `lines` of the log (None: all), then what comes while it is followed."""
        import asyncio

        from weft.server.log import follow_log, tail

        facts, _ = await self._own(name)
        path = self._folder(facts)
        offset, text = tail(path, lines)
        yield text
        if follow:
            gone = asyncio.create_task(self.wait_gone(facts))
            async for piece in follow_log(path, offset, gone):
                yield piece

    async def wait_gone(self, facts: FunctionFacts) -> None:
        """Return when the function has ended."""
        await self._agent().wait_gone(facts.uuid)

    def facts(self) -> list[dict[str, str]]:
        """What this server has and lacks."""
        from weft.server.facts import server_facts

        return server_facts()

    async def _own(self, name: str) -> tuple[FunctionFacts, FunctionStatus]:
        """A function that the caller may manage."""
        import os

        try:
            return await self.function(name)
        except FunctionNotFoundError:
            if os.geteuid() != 0 and Path("/run/weft").exists():
                raise PrivilegeError(f"managing '{name}'", command="weft ...") from None
            raise

    def _agent(self) -> LocalAgent:
        from weft.server.agent import LocalAgent
        from weft.server.rundir import RunDirectory, default_root

        return LocalAgent(RunDirectory(default_root()), self._say)

    def _folder(self, facts: FunctionFacts) -> Path:
        from weft.server.rundir import default_root

        return default_root() / str(facts.uuid) / "log"
