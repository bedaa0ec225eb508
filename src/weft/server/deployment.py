"""One start of a function, step by step, and the way back from every step."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any, TypeVar

from weft.errors import WeftError
from weft.model.binding import DeviceBinding
from weft.model.function import FunctionFacts, link_name
from weft.model.package import DRIVERS
from weft.server.components import ComponentProcesses
from weft.server.groups import remove_groups
from weft.server.links import choose_join
from weft.server.namespaces import Namespace
from weft.server.sandboxes import SANDBOXES, choose_sandbox
from weft.server.steps import Watch, step, unwatched
from weft.vnf.archive import write_zip
from weft.vnf.components import frameworks_along
from weft.vnf.forwarder import graph_of
from weft.vnf.frameworks import processes_of
from weft.vnf.package import missing_values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

    from weft.model.binding import Binding
    from weft.model.function import FunctionRequest
    from weft.server.links.base import Join
    from weft.server.rundir import FunctionFolder, RunDirectory
    from weft.server.sandboxes.base import Sandbox

__all__ = ["Deployment", "steps_of"]

_Result = TypeVar("_Result")


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, _Result]) -> AsyncIterator[asyncio.Task[_Result]]:
    """Let work begin, go on while the body runs, and end with it; it is called off if that fails."""
    task = asyncio.create_task(work)
    try:
        await asyncio.sleep(0)
        yield task
        await task
    except BaseException:
        task.cancel()
        await asyncio.wait([task])
        raise


def steps_of(request: FunctionRequest) -> tuple[str, ...]:
    """The steps of a deployment, in order; each is undone if a later one fails.

    Process 1 comes up while files are written and interfaces are joined to namespaces. Devices of the
    host are left alone until it is there: a start that fails does not touch them.
    """
    building = ("build components",) if processes_of(request.package) else ()
    early, late = (
        [f"join {binding.interface}" for binding in bindings] for bindings in _by_time(request)
    )
    last = "start" if request.active else "make ready"
    return ("reserve name", *building, "write files", *early, "open sandbox", *late, last)


def _by_time(request: FunctionRequest) -> tuple[list[Binding], list[Binding]]:
    """What is joined while process 1 comes up, and what is touched only when it is there."""
    early: list[Binding] = []
    late: list[Binding] = []
    for binding in request.bindings:
        (late if isinstance(binding, DeviceBinding) else early).append(binding)
    return early, late


class Deployment:
    """Starts what a request asks for, whole or not at all."""

    def __init__(
        self,
        run: RunDirectory,
        operation: str,
        request: FunctionRequest,
        say: Callable[[str], None],
        watch: Watch = unwatched,
    ) -> None:
        """`watch` is told of the steps that `steps_of` lists."""
        self._run = run
        self._operation = operation
        self._request = request
        self._say = say
        self._watch = watch
        self._processes = ComponentProcesses(request.package, dict(request.values))
        self._kind = choose_sandbox(request.package.sandbox)
        self._created = time.time()

    async def run(self) -> FunctionFacts:
        """Do every step; on any error, a cancellation included, undo those done."""
        with contextlib.ExitStack() as holding:
            folder, uid = self._reserve(holding)
            sandbox = SANDBOXES[self._kind](folder, self._request.name)
            undo_links = contextlib.ExitStack()
            try:
                with _disk_errors(folder):
                    self._write_graph(folder)
                if self._processes:
                    with step(self._watch, "build components"):
                        await self._processes.build(folder, self._say)
                        self._write(folder, uid, {})
                facts = await self._start(folder, uid, sandbox, undo_links)
            except BaseException:
                await asyncio.shield(self._undo(folder, sandbox, undo_links))
                raise
            # Nothing is undone from here on; the links live as long as the sandbox.
            undo_links.pop_all()
            sandbox.release()
            return facts

    def _reserve(self, holding: contextlib.ExitStack) -> tuple[FunctionFolder, int]:
        request = self._request
        self._run.check_length()
        with self._run.locked():
            folder, uid, further = self._run.reserve(
                request.uuid, request.name, request.project, len(self._processes)
            )
            self._processes.give_uids(further)
            try:
                with step(self._watch, "reserve name"), _disk_errors(folder):
                    holding.enter_context(folder.held())
                    self._write(folder, uid, {})
            except BaseException:
                folder.remove()
                raise
        return folder, uid

    async def _start(
        self, folder: FunctionFolder, uid: int, sandbox: Sandbox, undo_links: contextlib.ExitStack
    ) -> FunctionFacts:
        """Make the sandbox, its links, and start the function."""
        with (
            Namespace.current() as host,
            Namespace.new("the sandbox") as inside,
            contextlib.ExitStack() as prepared,
        ):
            try:
                async with _meanwhile(sandbox.open(inside)) as opening:
                    with step(self._watch, "write files"), _disk_errors(folder):
                        self._fill(folder, uid)
                    joins = self._prepare(host, prepared)
                    early, late = _by_time(self._request)
                    links = self._join(early, joins, host, inside, undo_links)
                    with step(self._watch, "open sandbox"):
                        await opening
                links |= self._join(late, joins, host, inside, undo_links)
                links = {interface: links[interface] for interface in joins}
                request = self._request
                with step(self._watch, steps_of(request)[-1]):
                    last = sandbox.start() if request.active else sandbox.rest()
                    async with _meanwhile(last):
                        facts = self._write(folder, uid, links)
                for join in joins.values():
                    join.settle(host)
                return facts
            except BaseException:
                undo_links.close()
                raise

    def _prepare(self, host: Namespace, prepared: contextlib.ExitStack) -> dict[str, Join]:
        """The way each interface is joined; what is wrong with one is found here."""
        joins, drivers = {}, dict(self._request.drivers)
        for binding in self._request.bindings:
            join = choose_join(binding, host, drivers.get(binding.interface, DRIVERS[0]))
            prepared.callback(join.close)
            joins[binding.interface] = join
        return joins

    def _join(
        self,
        bindings: list[Binding],
        joins: dict[str, Join],
        host: Namespace,
        inside: Namespace,
        undo: contextlib.ExitStack,
    ) -> dict[str, str]:
        done = {}
        numbers = {interface: number for number, interface in enumerate(joins)}
        for interface in (binding.interface for binding in bindings):
            join = joins[interface]
            undo.callback(join.detach, host, inside, interface)
            with step(self._watch, f"join {interface}"):
                done[interface] = join.attach(
                    host, inside, interface, link_name(self._request.uuid, numbers[interface])
                )
        return done

    async def _undo(
        self, folder: FunctionFolder, sandbox: Sandbox, undo_links: contextlib.ExitStack
    ) -> None:
        try:
            undo_links.close()
            await sandbox.cancel()
            remove_groups(folder.uuid)  # an init that was killed has not done so
        finally:
            folder.remove()

    def _write(self, folder: FunctionFolder, uid: int, links: dict[str, str]) -> FunctionFacts:
        request = self._request
        facts = FunctionFacts(
            uuid=request.uuid,
            name=request.name,
            project=request.project,
            package=request.package.name,
            version=request.package.version,
            digest=request.package.digest,
            labels=dict(request.package.labels),
            interfaces={binding.interface: str(binding) for binding in request.bindings},
            created=self._created,
            operation=self._operation,
            sandbox_kind=self._kind,
            links=links,
            values=dict(request.values),
            missing=missing_values(request.package, dict(request.values)),
            click_file=request.package.click_file,
            frameworks=frameworks_along(request.package),
            component_uids=self._processes.uids,
            component_keys=self._processes.keys,
            component_numbers=dict.fromkeys(self._processes.keys, 1),
        )
        folder.write_facts(facts, self._sandbox_facts(uid))
        return facts

    def _sandbox_facts(self, uid: int) -> dict[str, Any]:
        """What init reads; see `engine/init`."""
        package = self._request.package
        return {
            "interfaces": list(package.interfaces),
            "drivers": dict(self._request.drivers),
            "parameters": dict(self._request.values) | self._processes.variables(),
            "cpu": package.resources.cpu,
            "memory_bytes": package.resources.memory_bytes,
            "uid": uid,
            "gid": uid,
            "hostname": self._request.name[:63],
            "restart": {"initial_ms": 0, "limit_ms": 1000},
            **self._processes.facts(),
        }

    def _write_graph(self, folder: FunctionFolder) -> None:
        text = graph_of(self._request.package)
        folder.graph.write_bytes(text.encode("utf-8", errors="surrogateescape"))

    def _fill(self, folder: FunctionFolder, uid: int) -> None:
        """The package, and its files in the folder that the engine works in."""
        package = self._request.package
        write_zip(folder.package, package.files)
        data = folder.path / "data"
        data.mkdir(mode=0o700, exist_ok=True)  # init makes it too
        for file in package.files:
            if "/" in file.name:
                (data / file.name).parent.mkdir(parents=True, exist_ok=True)
            (data / file.name).write_bytes(file.content)
        for place, _, names in os.walk(data):
            for path in (place, *(f"{place}/{name}" for name in names)):
                os.chown(path, uid, uid)


@contextlib.contextmanager
def _disk_errors(folder: FunctionFolder) -> Iterator[None]:
    """Tell where there is no room: the system does not."""
    try:
        yield
    except OSError as error:
        raise WeftError(
            f"cannot write the function's folder '{folder.path}': {error.strerror}",
            hint="make room there, or choose another run directory: set WEFT_RUN_DIR",
        ) from None
