"""The agent of this server: deploys, lists and removes functions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from weft.errors import FunctionError, FunctionNotFoundError, NotRunningError, PrivilegeError
from weft.model.function import FunctionFacts, FunctionStatus
from weft.model.state import FunctionState
from weft.server.groups import remove_groups, remove_lost_groups
from weft.server.namespaces import Namespace
from weft.server.processes import process_one, wait_gone
from weft.vnf.management_agent import ManagementAgent

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from uuid import UUID

    from weft.model.change import Change, ChangePlan
    from weft.model.check import FunctionCheck
    from weft.model.function import FunctionRequest
    from weft.model.handler import HandlerFacts
    from weft.model.host import HostFacts
    from weft.model.log import LogLine, LogRequest
    from weft.model.look import Look
    from weft.model.revision import FunctionText, Revision
    from weft.model.trace import TraceRequest
    from weft.server.rundir import FunctionFolder, RunDirectory

__all__ = ["LocalAgent"]

_GONE = FunctionState.GONE
_LOST_GROUPS_S = 60.0


class LocalAgent:
    """The agent of this server, in this process. It keeps nothing but the run directory."""

    def __init__(
        self, run_directory: RunDirectory, say: Callable[[str], None] = lambda _line: None
    ) -> None:
        """`say` is told, line by line, what takes long."""
        self._run = run_directory
        self._say = say
        self._next_look_for_lost = 0.0

    async def deploy(self, operation: str, request: FunctionRequest) -> FunctionFacts:
        """Start a function in a sandbox of its own."""
        from weft.server.deployment import Deployment  # heavy: `weft ps` does without

        if os.geteuid() != 0:
            raise PrivilegeError("a sandbox", command="weft run ...")
        for folder in self._run.folders():
            facts = folder.facts()
            if facts and facts.operation == operation:
                return facts
        return await Deployment(self._run, operation, request, self._say).run()

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function; the ones whose processes are gone are told once, then cleaned away."""
        described = [(folder, folder.facts()) for folder in self._run.folders()]
        there = [(folder, facts) for folder, facts in described if facts is not None]
        states = await asyncio.gather(*(self._status(folder, facts) for folder, facts in there))
        found = [(facts, status) for (_, facts), status in zip(there, states, strict=True)]
        gone = [folder for folder, facts in described if facts is None]
        gone += [
            folder
            for (folder, _), status in zip(there, states, strict=True)
            if status.state is _GONE
        ]
        for folder in gone:
            await self._clean(folder)
        self._remove_lost_groups()
        return found

    def _remove_lost_groups(self) -> None:
        """Where somebody killed process 1 of a function whose folder is no more; now and then."""
        now = time.monotonic()
        if os.geteuid() == 0 and now >= self._next_look_for_lost:
            self._next_look_for_lost = now + _LOST_GROUPS_S
            remove_lost_groups()

    async def start(self, operation: str, uuid: UUID) -> None:
        """Start the processing again."""
        facts = self._facts(uuid)
        if facts.missing:
            raise FunctionError(
                f"'{facts.name}' needs a value for: {', '.join(facts.missing)}",
                hint=f"give it: weft configure {facts.name} {facts.missing[0]}=VALUE",
            )
        await self._managed(uuid).start()

    async def restart(self, operation: str, uuid: UUID) -> None:
        """End the processing, and start it again."""
        await self._managed(uuid).stop()
        await self.start(operation, uuid)

    async def stop(self, operation: str, uuid: UUID) -> None:
        """End the processing."""
        await self._managed(uuid).stop()

    async def reconfigure(self, operation: str, change: Change) -> ChangePlan:
        """Change a running function."""
        from weft.server.reconfiguration import Reconfiguration  # heavy, as deployment is

        if os.geteuid() != 0:
            raise PrivilegeError("changing a function", command="weft reconfigure ...")
        folder = self._own_folder(change.uuid)
        return await Reconfiguration(self._run, folder, operation, change, self._say).run()

    async def text(self, uuid: UUID) -> FunctionText:
        """What the function is written as, from the package that it runs."""
        from weft.vnf.archive import read_zip
        from weft.vnf.edit import text_of
        from weft.vnf.package import written_package

        folder, facts = self._own_folder(uuid), self._facts(uuid)
        files = read_zip(folder.package)
        return text_of(written_package(files, facts.name, facts.click_file, facts.values))

    async def revisions(self, uuid: UUID) -> list[Revision]:
        """All that are kept."""
        from weft.server.revisions import Revisions

        return Revisions(self._own_folder(uuid)).all()

    async def restore(
        self, operation: str, uuid: UUID, number: int | None, *, dry_run: bool = False
    ) -> ChangePlan:
        """A change to what the revision was, which makes another revision."""
        from weft.model.change import Change
        from weft.server.revisions import Revisions

        revision, files = Revisions(self._own_folder(uuid)).get(number)
        cause = f"undo to {revision.number}"
        values = tuple(revision.values.items())
        change = Change(uuid, files, cause, values=values, dry_run=dry_run, cause=cause)
        return await self.reconfigure(operation, change)

    async def remove(self, operation: str, uuid: UUID) -> None:
        """Shut the function down, give devices back, delete links, remove the folder."""
        folder = self._folder(uuid)
        facts = folder.facts() if folder else None
        if folder is None or facts is None:
            return
        status = await self._status(folder, facts)
        if status.state is _GONE:
            await self._clean(folder)
            return
        # Held, so that nobody who looks meanwhile takes it for one whose processes have ended.
        with folder.held() as nobody_else:
            if not nobody_else or status.state is FunctionState.STARTING:
                raise FunctionError(
                    f"'{facts.name}' is just being started, changed or removed by another process",
                    hint="try again",
                )
            await self._shut_down(folder, facts)
            remove_groups(folder.uuid)
            folder.remove()

    async def look(self, uuid: UUID, *, values: bool = False, byte_lease_s: float = 0.0) -> Look:
        """Look at a function once."""
        return await self._managed(uuid).look(values=values, byte_lease_s=byte_lease_s)

    async def read(self, uuid: UUID, handler: str, parameters: str = "") -> bytes:
        """Read a handler of the running graph."""
        return await self._managed(uuid).read(handler, parameters)

    async def write(self, operation: str, uuid: UUID, handler: str, value: str) -> None:
        """Write a handler of the running graph."""
        await self._managed(uuid).write(handler, value)

    async def handlers(self, uuid: UUID) -> list[HandlerFacts]:
        """The values and commands of the running graph."""
        return await self._managed(uuid).handlers()

    async def call(self, operation: str, uuid: UUID, handler: str, argument: str = "") -> bytes:
        """Call a command of the running graph."""
        return await self._managed(uuid).call(handler, argument)

    async def check(self, uuid: UUID, timeout_s: float) -> FunctionCheck:
        """Ask all parts of a function at once."""
        return await self._managed(uuid).check(timeout_s)

    def trace(self, uuid: UUID, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets of the running graph."""
        return self._managed(uuid).trace(request)

    async def log(self, uuid: UUID, request: LogRequest) -> AsyncGenerator[LogLine, None]:
        """What is in the log, then what is added until the function is gone."""
        from weft.server.log import log_lines

        folder = self._folder(uuid)
        if folder is None:
            raise FunctionNotFoundError(str(uuid), [])
        gone = asyncio.create_task(self.wait_gone(uuid)) if request.follow else None
        async with aclosing(log_lines(folder.log, request, gone)) as lines:
            async for line in lines:
                yield line

    def facts(self) -> list[dict[str, str]]:
        """What this server has and lacks."""
        from weft.server.facts import server_facts

        return server_facts()

    def host(self) -> HostFacts:
        """How this server is just now."""
        from weft.server.host import host_facts

        return host_facts()

    def kernel_log(self, lines: int) -> list[str]:
        """The last lines its kernel has said."""
        from weft.server.host import kernel_lines

        return kernel_lines(lines)

    async def wait_gone(self, uuid: UUID) -> None:
        """Return when the function's process 1 has ended."""
        folder = self._folder(uuid)
        pid = process_one(folder.path) if folder else None
        if pid is not None:
            pidfd = os.pidfd_open(pid)
            try:
                await wait_gone(pidfd, patience_s=None)
            finally:
                os.close(pidfd)

    def _folder(self, uuid: UUID) -> FunctionFolder | None:
        return self._run.folder(uuid)

    def _own_folder(self, uuid: UUID) -> FunctionFolder:
        folder = self._folder(uuid)
        if folder is None:
            raise FunctionNotFoundError(str(uuid), [])
        return folder

    def _facts(self, uuid: UUID) -> FunctionFacts:
        facts = self._own_folder(uuid).facts()
        if facts is None:
            raise FunctionNotFoundError(str(uuid), [])
        return facts

    def _managed(self, uuid: UUID) -> ManagementAgent:
        return ManagementAgent(self._facts(uuid).name, self._own_folder(uuid).path)

    async def _status(
        self, folder: FunctionFolder, facts: FunctionFacts, *, held: bool = False
    ) -> FunctionStatus:
        try:
            status = await ManagementAgent(facts.name, folder.path).status()
            if facts.missing and status.state is FunctionState.INACTIVE:
                return replace(status, state=FunctionState.INSTANTIATED)
            return status
        except NotRunningError:
            if held:
                return FunctionStatus(_GONE)
        except FunctionError as error:
            return FunctionStatus(FunctionState.FAILED, errors=(error.message,))
        with folder.held() as nobody_else:
            return FunctionStatus(_GONE if nobody_else else FunctionState.STARTING)

    async def _clean(self, folder: FunctionFolder) -> None:
        """Remove what is stale, unless someone is at it just now or it answers after all."""
        with contextlib.suppress(OSError), self._run.locked(), folder.held() as nobody_else:
            facts = folder.facts()
            if not nobody_else:
                return
            if facts and (await self._status(folder, facts, held=True)).state is not _GONE:
                return
            remove_groups(folder.uuid)
            folder.remove()

    async def _shut_down(self, folder: FunctionFolder, facts: FunctionFacts) -> None:
        """The sandbox's network namespace is kept by us until its links are undone."""
        pid = process_one(folder.path)
        if pid is None:
            return
        pidfd = os.pidfd_open(pid)
        try:
            with Namespace.of_process(pid) as sandbox:
                try:
                    await ManagementAgent(facts.name, folder.path).off()
                    await wait_gone(pidfd)
                except FunctionError:  # it does not answer: by force then
                    await wait_gone(pidfd, patience_s=0)
                _undo_links(sandbox, facts)
        finally:
            os.close(pidfd)


def _undo_links(sandbox: Namespace, facts: FunctionFacts) -> None:
    """Give taken devices back, and delete the links that were made."""
    from weft.server.links.taken import give_back
    from weft.server.links.veth import delete_all_inside

    with Namespace.current() as host:
        for interface, target in facts.interfaces.items():
            device, _, take = target.rpartition(":")
            if take == "take" and ":" not in device:
                give_back(host, sandbox, interface, device)
    delete_all_inside(sandbox)
