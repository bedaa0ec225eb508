"""A function that runs in a sandbox, through its own sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from weft.errors import NotRunningError
from weft.vnf.management_agent import ManagementAgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.system.conftest import Weft
    from weft.model.function import ComponentStatus, FunctionStatus

__all__ = ["Running", "wait_until"]

_PATIENCE_S = 10.0


def wait_until(look: Callable[[], object], wanted: object) -> None:
    """Return when what is looked at is as wanted."""
    deadline = time.monotonic() + _PATIENCE_S
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen}, not {wanted}"
        time.sleep(0.001)


class Running:
    """One function: its handlers, its processes."""

    def __init__(self, weft: Weft, row: dict[str, Any]) -> None:
        self.weft = weft
        self.row = row
        self.folder = weft.run_directory / row["uuid"]
        self._agent = ManagementAgent(row["name"], self.folder)

    def read(self, handler: str) -> str:
        """A handler's value; while the engine is being restarted, that of the new one."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return asyncio.run(self._agent.read(handler)).decode()
            except NotRunningError:
                assert time.monotonic() < deadline

    def write(self, handler: str, value: str) -> None:
        """Write a handler."""
        asyncio.run(self._agent.write(handler, value))

    def drops(self) -> dict[str, int]:
        """Drops by element and reason."""
        elements = json.loads(self.read("stats"))["elements"]
        return {
            f"{item['name']}: {reason}": count
            for item in elements
            for reason, count in item["drops"].items()
        }

    def status(self) -> FunctionStatus:
        """How the function is just now."""
        return asyncio.run(self._agent.status())

    def component(self, name: str) -> ComponentStatus:
        """How one of its components is just now."""
        return next(item for item in self.status().components if item.name == name)

    def kill_engine(self) -> float:
        """Kill the engine that runs; when that was."""
        pid = self.status().engine_pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return time.monotonic()

    def wait_for_restart(self, number: int) -> None:
        """Return when the engine runs again after so many deaths."""

        def look() -> tuple[int | None, str]:
            status = self.status()
            return status.restarts, status.state

        wait_until(look, (number, "active"))
