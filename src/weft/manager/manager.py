"""The management system in one process: what is asked of it, done by the agents of its servers."""

from __future__ import annotations

import contextlib
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weft.errors import (
    ChangeError,
    FunctionNotFoundError,
    HandlerError,
    PrivilegeError,
    StartError,
    UsageError,
)
from weft.manager.operation import operation_id
from weft.manager.packages import Packages
from weft.manager.watching import Watching
from weft.model.function import DEFAULT_PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence

    from weft.model.change import ChangePlan, Edit
    from weft.model.check import FunctionCheck
    from weft.model.function import FunctionFacts, FunctionRequest, FunctionStatus
    from weft.model.handler import HandlerFacts
    from weft.model.host import HostFacts
    from weft.model.log import LogLine, LogRequest
    from weft.model.look import Look
    from weft.model.package import PackageFile, Parameter
    from weft.model.revision import FunctionText, Revision
    from weft.model.trace import TraceRequest
    from weft.server.agent import Agent

__all__ = ["Manager"]


class Manager(Packages, Watching):
    """Knows functions by name, and asks the agent of the server that runs them."""

    def __init__(self, agent: Agent, say: Callable[[str], None] = lambda _line: None) -> None:
        """`say` is told, line by line, what takes long."""
        self._agent = agent
        self._say = say

    async def run(self, request: FunctionRequest) -> FunctionFacts:
        """Deploy the function."""
        with self._advising_values(request.package.parameters, dict(request.values)):
            return await self._agent.deploy(operation_id(), request)

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function; those that were gone are in the list once, and cleaned."""
        found = await self._agent.functions()
        if self.monitoring is not None:
            self.monitoring.notice(found)
        return found

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
        facts, _ = await self._own(name)
        await self._agent.start(operation_id(), facts.uuid)

    async def stop(self, name: str) -> None:
        """End the processing."""
        facts, _ = await self._own(name)
        await self._agent.stop(operation_id(), facts.uuid)

    async def restart(self, name: str) -> None:
        """End the processing, and start it again."""
        facts, _ = await self._own(name)
        await self._agent.restart(operation_id(), facts.uuid)

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
        cause: str = "reconfigure",
    ) -> ChangePlan:
        """Change a running function."""
        from weft.model.change import Change

        files = None if package is None else self.open_package(package).files
        change = Change(
            facts.uuid,
            files,
            package or "",
            edit,
            tuple(settings.items()),
            dry_run=dry_run,
            cause=cause,
        )
        return await self._agent.reconfigure(operation_id(), change)

    async def configure(
        self,
        facts: FunctionFacts,
        values: Mapping[str, str],
        given: Sequence[PackageFile] = (),
        *,
        dry_run: bool = False,
    ) -> ChangePlan:
        """A change of values alone."""
        from weft.model.change import Change

        change = Change(
            facts.uuid,
            values=tuple(values.items()),
            dry_run=dry_run,
            cause="configure",
            given=tuple(given),
        )
        parameters = (await self._agent.text(facts.uuid)).parameters
        with self._advising_values(parameters, values):
            return await self._agent.reconfigure(operation_id(), change)

    async def text(self, name: str) -> FunctionText:
        """The texts of the package that it runs."""
        facts, _ = await self._own(name)
        return await self._agent.text(facts.uuid)

    async def revisions(self, name: str) -> list[Revision]:
        """All that are kept."""
        facts, _ = await self._own(name)
        return await self._agent.revisions(facts.uuid)

    async def restore(
        self, name: str, number: int | None = None, *, dry_run: bool = False
    ) -> ChangePlan:
        """A change to what the revision was."""
        facts, _ = await self._own(name)
        return await self._agent.restore(operation_id(), facts.uuid, number, dry_run=dry_run)

    async def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """Remove the function."""
        try:
            facts, _ = await self._own(name)
        except FunctionNotFoundError:
            if missing_ok:
                return
            raise
        await self._agent.remove(operation_id(), facts.uuid)

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look:
        """Look at a function once."""
        return await self._agent.look(facts.uuid, values=values, byte_lease_s=byte_lease_s)

    def bottleneck(self, facts: FunctionFacts, before: Look, after: Look) -> str:
        """From two looks at it."""
        from weft.vnf.bottleneck import bottleneck

        return bottleneck(before, after, facts.frameworks)

    async def read(self, name: str, handler: str, parameters: str = "") -> bytes:
        """Read a handler of the running graph."""
        facts, _ = await self._own(name)
        async with self._advising(facts, handler):
            return await self._agent.read(facts.uuid, handler, parameters)

    async def write(self, name: str, handler: str, value: str) -> None:
        """Write a handler of the running graph."""
        facts, _ = await self._own(name)
        async with self._advising(facts, handler):
            await self._agent.write(operation_id(), facts.uuid, handler, value)

    async def handlers(self, name: str, element: str = "") -> list[HandlerFacts]:
        """The handlers that elements and components declare, of all or one, and what is in it."""
        facts, _ = await self._own(name)
        found = await self._agent.handlers(facts.uuid)
        if not element:
            return found
        chosen = [h for h in found if f"{h.element}/".startswith(f"{element}/")]
        if not chosen:
            there = ", ".join(dict.fromkeys(handler.element for handler in found))
            raise HandlerError(
                HandlerError.NO_ELEMENT,
                f"no element or component '{element}' has handlers; those with some: {there}",
            )
        return chosen

    async def call(self, name: str, handler: str, argument: str = "") -> bytes:
        """Call a command of the running graph."""
        facts, _ = await self._own(name)
        async with self._advising(facts, handler):
            return await self._agent.call(operation_id(), facts.uuid, handler, argument)

    async def check(self, name: str, timeout_s: float = 2.0) -> FunctionCheck:
        """Ask all parts of a function at once."""
        facts, _ = await self._own(name)
        return await self._agent.check(facts.uuid, timeout_s)

    @contextlib.contextmanager
    def _advising_values(
        self, parameters: Sequence[Parameter], values: Mapping[str, str]
    ) -> Iterator[None]:
        """A graph that does not come about is told with what the values given stand for."""
        try:
            yield
        except (StartError, ChangeError) as error:
            from weft.manager.advice import hint_of_values

            error.hint = hint_of_values(error, parameters, values)
            raise

    @contextlib.asynccontextmanager
    async def _advising(self, facts: FunctionFacts, handler: str) -> AsyncIterator[None]:
        """An error of a handler is told with what is allowed."""
        from weft.manager.advice import advised

        async def read(other: str) -> bytes:
            return await self._agent.read(facts.uuid, other)

        async def known() -> Sequence[HandlerFacts]:
            return await self._agent.handlers(facts.uuid)

        try:
            yield
        except HandlerError as error:
            better = await advised(error, facts.name, handler, read, known)
        else:
            return
        raise better from None

    async def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets until all that were asked for have come to their end."""
        facts, _ = await self._own(name)
        async with aclosing(self._agent.trace(facts.uuid, request)) as looks:
            async for look in looks:
                yield look

    async def graph(self, name: str) -> str:
        """The graph as it is now, which a hot swap may have changed."""
        text = await self.read(name, "config")
        return text.decode("utf-8", errors="surrogateescape")

    async def log(self, name: str, request: LogRequest) -> AsyncGenerator[LogLine, None]:
        """What is in the log, then what comes while it is followed."""
        facts, _ = await self._own(name)
        sources = ("init", "engine", *facts.component_numbers)
        for source in request.sources:
            if source not in sources:
                raise UsageError(
                    f"no source '{source}' in the log of '{name}'; allowed: {', '.join(sources)}"
                )
        async with aclosing(self._agent.log(facts.uuid, request)) as lines:
            async for line in lines:
                yield line

    async def wait_gone(self, facts: FunctionFacts) -> None:
        """Return when the function has ended."""
        await self._agent.wait_gone(facts.uuid)

    def facts(self) -> list[dict[str, str]]:
        """What the server has and lacks."""
        return self._agent.facts()

    def host(self) -> HostFacts:
        """How the server is just now."""
        return self._agent.host()

    def kernel_log(self, lines: int) -> list[str]:
        """The last lines its kernel has said."""
        return self._agent.kernel_log(lines)

    async def _own(self, name: str) -> tuple[FunctionFacts, FunctionStatus]:
        """A function that the caller may manage."""
        import os

        try:
            return await self.function(name)
        except FunctionNotFoundError:
            if os.geteuid() != 0 and Path("/run/weft").exists():
                raise PrivilegeError(f"managing '{name}'", command="weft ...") from None
            raise
