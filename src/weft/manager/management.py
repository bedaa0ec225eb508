"""What may be asked of the management system, in this process or over REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from weft.model.catalogue import PackageFacts, StorePolicy
    from weft.model.change import ChangePlan, Edit
    from weft.model.check import FunctionCheck
    from weft.model.function import FunctionFacts, FunctionRequest, FunctionStatus
    from weft.model.handler import HandlerFacts
    from weft.model.host import HostFacts
    from weft.model.log import LogLine, LogRequest
    from weft.model.look import Look
    from weft.model.monitoring import Alarm, Series, Threshold, Track
    from weft.model.package import PackageFile
    from weft.model.revision import FunctionText, Revision
    from weft.model.trace import TraceRequest

__all__ = ["Management"]


class Management(Protocol):
    """Everything about packages that are kept and functions that run."""

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

    async def restart(self, name: str) -> None:
        """End the processing of a function and start it again."""
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
        cause: str = "reconfigure",
    ) -> ChangePlan:
        """Change the components or the path of a running function, to those of a package or by an edit."""
        ...

    async def configure(
        self,
        facts: FunctionFacts,
        values: Mapping[str, str],
        given: Sequence[PackageFile] = (),
        *,
        dry_run: bool = False,
    ) -> ChangePlan:
        """Set parameters of a function, running or not: all of them, or none.

        `given` are files for parameters of type `file`.
        """
        ...

    async def text(self, name: str) -> FunctionText:
        """What a function is written as: its path and its components."""
        ...

    async def revisions(self, name: str) -> list[Revision]:
        """What a function was made of after each change, in order."""
        ...

    async def restore(
        self, name: str, number: int | None = None, *, dry_run: bool = False
    ) -> ChangePlan:
        """Make a function what it was at a revision (None: the one before this)."""
        ...

    async def remove(self, name: str, *, missing_ok: bool = False) -> None:
        """End a function and remove all of it."""
        ...

    async def look(
        self, facts: FunctionFacts, *, values: bool = False, byte_lease_s: float = 0.0
    ) -> Look:
        """The counts of a function just now; with `values` also what its components tell of themselves.

        Bytes of elements are counted from then on for `byte_lease_s` seconds, at most a day.
        """
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

    async def handlers(self, name: str, element: str = "") -> list[HandlerFacts]:
        """The values and commands of a function, or of one element or component and what is in it."""
        ...

    async def call(self, name: str, handler: str, argument: str = "") -> bytes:
        """Call a command, `ELEMENT.COMMAND`; its result."""
        ...

    async def check(self, name: str, timeout_s: float = 2.0) -> FunctionCheck:
        """Whether the parts of a function answer within that time: all are asked at once."""
        ...

    def trace(self, name: str, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets of a function; what the engine tells of them, look by look."""
        ...

    async def graph(self, name: str) -> str:
        """The text of the graph that runs in a function."""
        ...

    def log(self, name: str, request: LogRequest) -> AsyncGenerator[LogLine, None]:
        """The lines of a function's log that are asked for."""
        ...

    async def push_package(self, archive: BinaryIO, called: str) -> PackageFacts:
        """Keep the package in an archive (a zip of its folder, or a CSAR), after every check.

        One that was made for another system is kept also where nothing of it can be run: see `runs`.
        """
        ...

    async def packages(self) -> list[PackageFacts]:
        """The packages that are kept, and the ready functions."""
        ...

    async def package(self, reference: str) -> PackageFacts:
        """The newest package that a reference means: NAME, or NAME@ a version, specifier or digest."""
        ...

    async def package_content(self, reference: str) -> BinaryIO:
        """The archive of a package, as a file that can be read from any place; it is to be closed."""
        ...

    async def remove_package(self, reference: str) -> PackageFacts:
        """Keep one version of a package no longer."""
        ...

    async def package_policy(self) -> StorePolicy:
        """What is asked of packages that are kept."""
        ...

    async def set_package_policy(
        self,
        require_signature: bool | None = None,
        trust: tuple[tuple[str, bytes], ...] = (),
        distrust: tuple[str, ...] = (),
    ) -> StorePolicy:
        """Change what is asked; `trust` are names and contents of certificates, `distrust` are names."""
        ...

    async def wait_gone(self, facts: FunctionFacts) -> None:
        """Return when a function has ended."""
        ...

    async def series(self, name: str) -> list[Series]:
        """What is kept of a function over time; WeftError where no server keeps it."""
        ...

    async def history(
        self,
        name: str,
        series: Sequence[str],
        start_s: float | None = None,
        step_s: float | None = None,
    ) -> list[Track]:
        """Some series of a function, from a Unix time (None: a minute ago) until now."""
        ...

    async def alarms(self) -> list[Alarm]:
        """The alarms there are, worst first, and the last that were cleared."""
        ...

    async def acknowledge(self, alarm: str) -> Alarm:
        """Note that somebody has seen an alarm, by its id or the start of it."""
        ...

    async def thresholds(self) -> list[Threshold]:
        """The thresholds that hold."""
        ...

    async def set_threshold(self, threshold: Threshold) -> None:
        """Add a threshold, or replace the one of its id."""
        ...

    async def remove_threshold(self, name: str) -> None:
        """Remove a threshold."""
        ...

    async def metrics(self, name: str | None = None) -> str:
        """What is measured of all functions or some, in the text format of Prometheus."""
        ...

    def facts(self) -> list[dict[str, str]]:
        """What this server has and lacks, each with what to do about it."""
        ...

    def host(self) -> HostFacts:
        """How this server is just now: processors, memory, disks, interfaces, routes, processes."""
        ...

    def kernel_log(self, lines: int) -> list[str]:
        """The last lines that this server's kernel has said."""
        ...
