"""The seam to the servers that functions run on.

The arguments are frozen, JSON-able data, and every call may be repeated with the same operation id
without doing anything twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from uuid import UUID

    from weft.model.change import Change, ChangePlan
    from weft.model.check import FunctionCheck
    from weft.model.function import FunctionFacts, FunctionRequest, FunctionStatus
    from weft.model.handler import HandlerFacts
    from weft.model.host import HostFacts
    from weft.model.log import LogLine, LogRequest
    from weft.model.look import Look
    from weft.model.revision import FunctionText, Revision
    from weft.model.trace import TraceRequest

__all__ = ["Agent"]


class Agent(Protocol):
    """What the management system asks of a VNF server."""

    async def deploy(self, operation: str, request: FunctionRequest) -> FunctionFacts:
        """Start a function; on any error nothing of it is left."""
        ...

    async def functions(self) -> list[tuple[FunctionFacts, FunctionStatus]]:
        """Every function of the server with its status."""
        ...

    async def start(self, operation: str, uuid: UUID) -> None:
        """Start the processing of a stopped function."""
        ...

    async def stop(self, operation: str, uuid: UUID) -> None:
        """End the processing of a function and keep its sandbox."""
        ...

    async def restart(self, operation: str, uuid: UUID) -> None:
        """End the processing of a function and start it again, in the same sandbox."""
        ...

    async def reconfigure(self, operation: str, change: Change) -> ChangePlan:
        """Change a function's values, components or path; on any error it is as before."""
        ...

    async def text(self, uuid: UUID) -> FunctionText:
        """What a function is written as just now."""
        ...

    async def revisions(self, uuid: UUID) -> list[Revision]:
        """What it was made of, in order."""
        ...

    async def restore(
        self, operation: str, uuid: UUID, number: int | None, *, dry_run: bool = False
    ) -> ChangePlan:
        """Make a function what it was at one of its revisions; None is the one before this."""
        ...

    async def remove(self, operation: str, uuid: UUID) -> None:
        """End a function and remove all of it; one that is gone is no error."""
        ...

    async def look(self, uuid: UUID, *, values: bool = False, byte_lease_s: float = 0.0) -> Look:
        """The counts of a function and its components; with `values` what these tell of themselves.

        Bytes of elements are counted from then on for `byte_lease_s` seconds, at most a day.
        """
        ...

    async def read(self, uuid: UUID, handler: str, parameters: str = "") -> bytes:
        """Read a handler."""
        ...

    async def write(self, operation: str, uuid: UUID, handler: str, value: str) -> None:
        """Write a handler."""
        ...

    async def handlers(self, uuid: UUID) -> list[HandlerFacts]:
        """The values and commands of a function's elements and components."""
        ...

    async def call(self, operation: str, uuid: UUID, handler: str, argument: str = "") -> bytes:
        """Call a command; its result."""
        ...

    async def check(self, uuid: UUID, timeout_s: float) -> FunctionCheck:
        """Whether a function's engine and components answer within that time."""
        ...

    def trace(self, uuid: UUID, request: TraceRequest) -> AsyncGenerator[dict[str, Any], None]:
        """Follow packets; what is told of them, look by look."""
        ...

    def log(self, uuid: UUID, request: LogRequest) -> AsyncGenerator[LogLine, None]:
        """The lines of a function's log that are asked for."""
        ...

    async def wait_gone(self, uuid: UUID) -> None:
        """Return when a function has ended."""
        ...

    def facts(self) -> list[dict[str, str]]:
        """What the server has and lacks, each with what to do about it."""
        ...

    def host(self) -> HostFacts:
        """How this server is just now: processors, memory, disks, interfaces, routes, processes."""
        ...

    def kernel_log(self, lines: int) -> list[str]:
        """The last lines that this server's kernel has said."""
        ...
