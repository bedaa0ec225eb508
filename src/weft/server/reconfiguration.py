"""One change of a running function, step by step, and the way back from every step.

What it was before lies in `before/` of the function's folder until the change is complete, so that a
change that was broken off for good is undone by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from weft.errors import ChangeError, FunctionError, HandlerError, NotRunningError
from weft.model.change import ChangePlan
from weft.model.state import FunctionState
from weft.server.components import ComponentProcesses
from weft.server.data import place_files
from weft.server.revisions import Revisions
from weft.vnf.archive import read_zip, write_zip
from weft.vnf.change import Processes, bound_graph, plan_change
from weft.vnf.components import frameworks_along
from weft.vnf.digest import package_digest
from weft.vnf.edit import edited
from weft.vnf.management_agent import ManagementAgent
from weft.vnf.package import check_graph_with, missing_values, written_package
from weft.vnf.parameters import given_files, with_files, without_given
from weft.vnf.setting import changed_values, handlers_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from weft.model.change import Change
    from weft.model.function import FunctionFacts
    from weft.model.package import Package
    from weft.server.rundir import FunctionFolder, RunDirectory

__all__ = ["Reconfiguration"]

_KEPT = ("function.json", "graph.click", "package.zip")
# The engine waits 500 ms at most for packets that are outside, then the new processes attach.
_SWITCH_TIMEOUT_S = 20.0
_LOOK_S = 0.005
_START_EXTRA_S = 10.0


class Reconfiguration:
    """Does what a change asks for, whole or not at all."""

    def __init__(
        self,
        run: RunDirectory,
        folder: FunctionFolder,
        operation: str,
        change: Change,
        say: Callable[[str], None],
    ) -> None:
        self._run = run
        self._folder = folder
        self._operation = operation
        self._change = change
        self._say = say
        self._before = folder.path / "before"

    async def run(self) -> ChangePlan:
        """Plan it, and unless it is only to be planned, do it; on any error nothing has changed."""
        with self._folder.held() as nobody_else:
            facts = self._folder.facts()
            if facts is None or not nobody_else:
                name = facts.name if facts else str(self._folder.uuid)
                raise FunctionError(
                    f"'{name}' is just being changed or removed by another process",
                    hint="try again",
                )
            if facts.change.get("operation") == self._operation:
                return _plan_of(facts.change)
            self._agent = ManagementAgent(facts.name, self._folder.path)
            if self._before.exists():
                await self._undo()
                facts = self._folder.facts() or facts
            old, new = self._packages(facts)
            values = changed_values(facts, new, self._change)
            plan = self._plan(facts, old, new, values)
            if self._change.dry_run:
                return plan
            if await self._is_active(facts, plan):
                return await self._apply(facts, old, new, plan, values)
            return await self._apply_at_rest(facts, old, new, plan, values)

    def _packages(self, facts: FunctionFacts) -> tuple[Package, Package]:
        change, click_file = self._change, facts.click_file
        old = written_package(read_zip(self._folder.package), facts.name, click_file, facts.values)
        files = old.files if change.files is None else given_files(change.files, old.files)
        if change.given:
            files = with_files(files, change.given)
        if change.edit:
            files = edited(files, change.edit, click_file)
        called = change.source or facts.name
        return old, written_package(files, called, click_file, facts.values | dict(change.values))

    def _plan(
        self, facts: FunctionFacts, old: Package, new: Package, values: Mapping[str, str]
    ) -> ChangePlan:
        processes = Processes(facts.component_keys, facts.component_numbers)
        both = (facts.values, values)
        plan = plan_change(old, new, processes, self._change.source or facts.name, both)
        anew = {name: text for name, text in values.items() if facts.values.get(name) != text}
        return replace(
            plan,
            values=tuple(anew.items()),
            by_handlers=old == new
            and not plan.replaced
            and bool(anew)
            and handlers_for(new, anew) is not None,
        )

    async def _is_active(self, facts: FunctionFacts, plan: ChangePlan) -> bool:
        """Whether it runs; one that does not can only be given values and texts of its graph."""
        state = (await self._agent.status()).state
        if state is FunctionState.ACTIVE:
            return True
        if state is FunctionState.INACTIVE and dict(plan.keys) == facts.component_keys:
            return False
        raise NotRunningError(
            f"'{facts.name}' is {state.value}: only an active function can be changed",
            hint=f"start it with: weft start {facts.name}",
        )

    async def _apply_at_rest(
        self,
        facts: FunctionFacts,
        old: Package,
        new: Package,
        plan: ChangePlan,
        values: Mapping[str, str],
    ) -> ChangePlan:
        """Have its next start find what is wanted, once that is known to be sound."""
        missing = missing_values(new, values)
        if not missing:
            check_graph_with(new, facts.name, values)
        sandbox = self._folder.sandbox()
        sandbox["parameters"] |= values
        old_files, new_files = dict(_contents(old)), dict(_contents(new))
        facts = replace(facts, missing=missing)
        graph = bound_graph(plan.graph, dict(plan.keys), facts.component_uids)
        plan = replace(plan, graph=graph, by_handlers=False)
        try:
            self._keep()
            self._folder.write_facts(facts, sandbox)
            place_files(self._folder.path, _differing(new_files, old_files), sandbox["uid"])
            await self._complete(facts, new, plan, values)
        except BaseException:
            await asyncio.shield(self._undo(_differing(old_files, new_files)))
            raise
        return plan

    async def _apply(
        self,
        facts: FunctionFacts,
        old: Package,
        new: Package,
        plan: ChangePlan,
        values: Mapping[str, str],
    ) -> ChangePlan:
        keys = dict(plan.keys)
        present = set(facts.component_keys.values())
        coming = {name: key for name, key in keys.items() if key not in present}
        processes = ComponentProcesses(new, values, coming)
        old_files, new_files = dict(_contents(old)), dict(_contents(new))
        try:
            self._keep()
            facts = self._reserve(facts, processes)
            if processes:
                await processes.build(self._folder, self._say)
            sandbox = _sandbox_of(self._folder.sandbox(), keys, processes)
            sandbox["parameters"] |= values
            self._folder.write_facts(facts, sandbox)
            if processes or plan.values:
                await self._start(facts, processes)
            place_files(self._folder.path, _differing(new_files, old_files), sandbox["uid"])
            if plan.by_handlers:
                text = plan.graph
                await self._tell(facts, new, dict(plan.values))
            else:
                text = bound_graph(plan.graph, keys, facts.component_uids)
                await self._switch(facts, text, values, frozenset(coming.values()))
        except BaseException:
            await asyncio.shield(self._undo(_differing(old_files, new_files)))
            raise
        plan = replace(plan, graph=text)
        await asyncio.shield(self._complete(facts, new, plan, values))
        return plan

    def _keep(self) -> None:
        """Put a copy of what there is aside, at once or not at all."""
        temporary = self._folder.path / "before.new"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o700)
        for name in _KEPT:
            shutil.copy2(self._folder.path / name, temporary / name)
        temporary.replace(self._before)

    def _reserve(self, facts: FunctionFacts, processes: ComponentProcesses) -> FunctionFacts:
        """User ids for the processes that come, written down before others are given any."""
        with self._run.locked():
            processes.give_uids(self._run.further_uids(facts.uuid, len(processes)))
            uids = facts.component_uids | processes.uids
            facts = replace(facts, component_uids=uids)
            self._folder.write_facts(facts, self._folder.sandbox())
        return facts

    async def _start(self, facts: FunctionFacts, processes: ComponentProcesses) -> None:
        """Have init take new values, and start what comes; it is ended again where that fails."""
        described = processes.facts().get("components", [])
        longest_ms = max((item["start_ms"] for item in described), default=0)
        patience_s = longest_ms / 1000 + _START_EXTRA_S
        try:
            await self._agent.reload(patience_s)
        except NotRunningError:
            raise
        except FunctionError as error:
            lines = error.message.partition(" refused 'reload': ")[2] or error.message
            raise ChangeError(facts.name, "component", lines.splitlines()) from None

    async def _tell(self, facts: FunctionFacts, new: Package, anew: Mapping[str, str]) -> None:
        """Write new values to the parameters' handlers: all, or none."""
        written: list[tuple[str, str]] = []
        try:
            for name, handler in (handlers_for(new, anew) or {}).items():
                written.append((handler, facts.values[name]))
                await self._agent.write(handler, anew[name])
        except HandlerError as error:
            handler, _ = written.pop()
            await asyncio.shield(self._take_back(written))
            raise ChangeError(facts.name, "handler", [f"{handler}: {error.message}"]) from None
        except BaseException:  # the one that was being written may have it, or have it yet
            await asyncio.shield(self._take_back(written))
            raise

    async def _take_back(self, written: list[tuple[str, str]]) -> None:
        """Write the former values to handlers, the last first; an engine that is gone has them anyway."""
        for handler, former in reversed(written):
            with contextlib.suppress(FunctionError, HandlerError):
                await self._agent.write(handler, former)

    async def _switch(
        self,
        facts: FunctionFacts,
        text: str,
        values: Mapping[str, str],
        new_keys: frozenset[str],
    ) -> None:
        """Give the engine its new graph, and wait until packets pass through all of it."""
        try:
            await self._swap(text, values)
        except HandlerError as error:
            lines = error.message.splitlines()[1:] or [error.message]
            raise ChangeError(facts.name, "engine", lines) from None
        try:
            async with asyncio.timeout(_SWITCH_TIMEOUT_S):
                while not await self._has_switched(facts, text, values, new_keys):
                    await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            why = f"the new graph was not in place within {_SWITCH_TIMEOUT_S:.0f} s"
            raise ChangeError(facts.name, "engine", [why]) from None

    async def _swap(self, text: str, values: Mapping[str, str]) -> None:
        asked = {"config": text, "values": dict(values)}
        await self._agent.write("swap", json.dumps(asked, ensure_ascii=False))

    async def _runs(self, text: str, values: Mapping[str, str]) -> bool:
        """Whether this graph runs with these values."""
        if await self._agent.read("config") != _bytes(text):
            return False
        running: dict[str, str] = json.loads(await self._agent.read("values"))
        return values.items() <= running.items()

    async def _has_switched(
        self,
        facts: FunctionFacts,
        text: str,
        values: Mapping[str, str],
        new_keys: frozenset[str],
    ) -> bool:
        status = await self._agent.status()
        problems = [
            f"component '{item.name}' {item.last_end or 'is ' + item.state} before it was ready"
            for item in status.components
            if item.key in new_keys and (item.restarts or item.state in ("failed", "restarting"))
        ]
        if problems:
            raise ChangeError(facts.name, "component", problems)
        if not new_keys <= {item.key for item in status.components if item.state == "ready"}:
            return False
        with contextlib.suppress(NotRunningError):  # the engine may be on its way back
            return await self._runs(text, values)
        return False

    async def _complete(
        self,
        facts: FunctionFacts,
        new: Package,
        plan: ChangePlan,
        values: Mapping[str, str],
    ) -> None:
        """Write down what runs now, and end what does not belong to it."""
        revisions = Revisions(self._folder)
        revisions.keep_first(facts)
        numbers = dict(facts.component_numbers)
        for name, key in plan.keys:
            numbers[name] = max(numbers.get(name, 0), _number(key))
        facts = replace(
            facts,
            version=new.version,
            digest=package_digest(without_given(new.files, values)),
            labels=dict(new.labels),
            values=dict(values),
            frameworks=frameworks_along(new),
            component_keys=dict(plan.keys),
            component_numbers=numbers,
            change={"operation": self._operation, **asdict(plan)},
        )
        if not plan.by_handlers:
            _write(self._folder.graph, _bytes(plan.graph))
        write_zip(self._folder.package, new.files)
        self._folder.write_facts(facts, self._folder.sandbox())
        revisions.add(self._change.cause, time.time(), facts.version, self._operation, facts.values)
        shutil.rmtree(self._before, ignore_errors=True)
        await self._tidy(facts)

    async def _tidy(self, facts: FunctionFacts) -> None:
        """End the processes that are listed no more, then remove what was theirs."""
        with contextlib.suppress(FunctionError):  # they are ended with the function, at the latest
            await self._agent.settle()
        kept = set(facts.component_keys.values())
        uids = {key: uid for key, uid in facts.component_uids.items() if key in kept}
        self._folder.write_facts(replace(facts, component_uids=uids), self._folder.sandbox())
        for key in _folders_in(self._folder.components) - kept:
            shutil.rmtree(self._folder.components / key, ignore_errors=True)
            home = self._folder.path / "data" / key
            # A folder of the package may be called so too; that one is the engine's.
            if home.is_dir() and home.lstat().st_uid == facts.component_uids.get(key):
                shutil.rmtree(home, ignore_errors=True)

    async def _undo(self, files: Mapping[str, bytes | None] | None = None) -> None:
        """Go back to what was put aside; repeated, it does nothing more."""
        if not self._before.exists():
            return
        for name in _KEPT:
            shutil.copy2(self._before / name, self._folder.path / f"{name}.new")
            (self._folder.path / f"{name}.new").replace(self._folder.path / name)
        facts = self._folder.facts()
        assert facts is not None
        if files:
            place_files(self._folder.path, files, self._folder.sandbox()["uid"])
        with contextlib.suppress(FunctionError, HandlerError):
            await self._back()
        shutil.rmtree(self._before, ignore_errors=True)
        await self._tidy(facts)

    async def _back(self) -> None:
        """Have the engine run the former graph, and the processes that belong to it."""
        graph = self._folder.graph.read_bytes().decode("utf-8", errors="surrogateescape")
        values = self._folder.sandbox()["parameters"]
        await self._agent.reload(_START_EXTRA_S)
        if await self._runs(graph, values):
            return  # what comes has no packets yet, and what goes was not told so
        await self._swap(graph, values)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SWITCH_TIMEOUT_S):
                while not await self._runs(graph, values):
                    await asyncio.sleep(_LOOK_S)


def _sandbox_of(
    sandbox: dict[str, Any], keys: Mapping[str, str], processes: ComponentProcesses
) -> dict[str, Any]:
    """What init is to read: the processes that stay, as they are, and those that come."""
    facts = processes.facts()
    described = {item["key"]: item for item in sandbox.get("components", [])}
    described |= {item["key"]: item for item in facts.get("components", [])}
    mounts = {item["target"]: item for item in sandbox.get("mounts", [])}
    mounts |= {item["target"]: item for item in facts.get("mounts", [])}
    return {
        **sandbox,
        "components": [described[key] for key in keys.values()],
        "mounts": [mounts[target] for target in sorted(mounts)],
    }


def _number(key: str) -> int:
    """How many keys a name has had when it has this one."""
    return int(key.rpartition(".")[2]) if "." in key else 1


def _contents(package: Package) -> list[tuple[str, bytes]]:
    return [(file.name, file.content) for file in package.files]


def _differing(wanted: Mapping[str, bytes], there: Mapping[str, bytes]) -> dict[str, bytes | None]:
    """What must be written, and removed (None), to come from one to the other."""
    found: dict[str, bytes | None] = {
        name: content for name, content in wanted.items() if there.get(name) != content
    }
    return found | {name: None for name in there if name not in wanted}


def _folders_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(content)
    temporary.replace(path)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogateescape")


def _plan_of(change: Mapping[str, Any]) -> ChangePlan:
    """A plan that was written down."""
    return ChangePlan(
        started=tuple(change["started"]),
        kept=tuple(change["kept"]),
        replaced=tuple(change["replaced"]),
        ended=tuple(change["ended"]),
        graph=change["graph"],
        keys=tuple((name, key) for name, key in change["keys"]),
        version=change["version"],
        values=tuple((name, text) for name, text in change.get("values", ())),
        by_handlers=change.get("by_handlers", False),
    )
