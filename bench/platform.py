"""Functions in sandboxes, for figures of the platform: started, pinged, taken away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from weft.client import Client, local_client

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from types import FrameType

    from bench.cable import Host
    from weft.model.function import FunctionRequest

__all__ = ["ADDRESS", "LINK", "MAC", "PACKAGE", "Platform", "bindings", "platform"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Result = TypeVar("_Result")

PACKAGE = Path(__file__).resolve().parents[1] / "functions" / "stateless-firewall"
ADDRESS = "10.77.2.254"
MAC = "02:00:00:00:00:fe"
LINK = "firewall"


class Platform:
    """The client in this process, with one event loop for all calls and a run directory of its own."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self.client: Client = local_client()
        self._runner = runner
        self._task: asyncio.Task[Any] | None = None

    def wait(self, call: Coroutine[Any, Any, _Result]) -> _Result:
        """The result of a call to the client. A signal cancels it: what it began is undone first."""
        try:
            return self._runner.run(self._noted(call))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None

    async def _noted(self, call: Coroutine[Any, Any, _Result]) -> _Result:
        self._task = asyncio.current_task()
        try:
            return await call
        finally:
            self._task = None

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """End what is being done. An exception out of a signal would tear the event loop."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # once is enough; the way back is not disturbed
        if self._task is None:
            raise KeyboardInterrupt
        self._runner.get_loop().call_soon_threadsafe(self._task.cancel)

    def request(self, name: str, left: Host, right: Host, link: str = LINK) -> FunctionRequest:
        """The firewall between two hosts, checked and ready to start."""
        return self.client.prepare(
            str(PACKAGE), name, bindings(left, right, link), {"ADDRESS": ADDRESS, "MAC": MAC}
        )

    def start(self, request: FunctionRequest) -> None:
        """Start one more function of a request."""
        self.wait(self.client.run(replace(request, uuid=uuid4())))

    def remove(self, name: str) -> None:
        """Take a function away."""
        self.wait(self.client.remove(name))

    def remove_all(self) -> None:
        """Take every function away, all at once."""
        self.wait(self._remove_all())

    async def _remove_all(self) -> None:
        found = await self.client.functions()
        await asyncio.gather(
            *(self.client.remove(str(facts.uuid), missing_ok=True) for facts, _ in found)
        )


def bindings(left: Host, right: Host, link: str = LINK) -> list[str]:
    """What joins the firewall to two hosts, as on the command line."""
    return [f"in=netns:{left.name}:{link}", f"out=netns:{right.name}:{link}"]


@contextlib.contextmanager
def platform() -> Iterator[Platform]:
    """A platform on which nothing runs, and nothing is left running."""
    directory = Path("/run") / f"weft-bench-{os.getpid()}"
    os.environ["WEFT_RUN_DIR"] = str(directory)
    try:
        with asyncio.Runner() as runner:
            made = Platform(runner)
            before = {number: signal.signal(number, made.interrupt) for number in _SIGNALS}
            try:
                yield made
            finally:
                made.remove_all()
                if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
                    for number, handler in before.items():
                        signal.signal(number, handler)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
