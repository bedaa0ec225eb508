"""A function of one component between two hosts of its own, under traffic that accounts for every frame."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from tests.support.running import Running, wait_until
from tests.support.traffic import Receiver, Sender, numbered_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft
    from weft.model.function import ComponentStatus

__all__ = ["NAME", "ComponentFunction"]

NAME = "work"  # of the component
_SOME = 200


class ComponentFunction(Running):
    """Started with `weft run`; frames go from the host at `in` through the component to that at `out`."""

    def __init__(
        self,
        weft: Weft,
        make_host: Callable[[str], Host],
        folder: Path,
        entry: str,
        files: Mapping[str, bytes],
        name: str = "gate",
        rate_pps: int = 2000,
    ) -> None:
        self.left, self.right = make_host(f"{name}-left"), make_host(f"{name}-right")
        for host in (self.left, self.right):
            host.keep_silent()
        place = folder / name
        place.mkdir()
        (place / "vnf.yaml").write_text(
            f"weft: 1\nvnf: {name}\nversion: 1.0.0\ninterfaces: [in, out]\n"
            f"components:\n  {NAME}: {{{entry}}}\n"
            f"path: in -> {NAME} -> out; out -> in\n"
        )
        for file, content in files.items():
            (place / file).write_bytes(content)
        weft(
            *("run", str(place), "-d"),
            *("-i", f"in=netns:{self.left.name}:eth0", "-i", f"out=netns:{self.right.name}:eth0"),
        )
        super().__init__(weft, next(row for row in weft.ps() if row["name"] == name))
        self._stack = contextlib.ExitStack()
        self.receiver = self._stack.enter_context(Receiver(self.right))
        self.sender = self._stack.enter_context(Sender(self.left, rate_pps=rate_pps))

    @property
    def process(self) -> ComponentStatus:
        """How the component is just now."""
        return self.component(NAME)

    def number(self, handler: str) -> int:
        """The value of a handler of the component that is a number."""
        return int(self.read(f"{NAME}.{handler}"))

    def flow(self) -> None:
        """Send from now on; return when some frames have come."""
        self.sender.start()
        self.some()

    def some(self) -> None:
        """Return when some more frames have come."""
        self.receiver.wait_for(len(self.receiver.numbers) + _SOME)

    def wait_until_back(self, restarts: int) -> None:
        """Return when the component is ready again after so many ends."""

        def look() -> tuple[int | None, str]:
            process = self.process
            return process.restarts, process.state

        wait_until(look, (restarts, "ready"))

    def settle(self) -> int:
        """Stop sending, return when all is through; how many frames were sent."""
        sent = self.sender.stop()
        wait_until(lambda: self.number("in_flight") + self.number("waiting"), 0)
        self.receiver.settle()
        assert self.receiver.dropped() == 0
        return sent

    def altered(self, change: Callable[[bytearray], None] = lambda _: None) -> list[int]:
        """Numbers of the frames that did not come as they were sent, but for what `change` does."""
        found = []
        for number, frame in zip(self.receiver.numbers, self.receiver.frames, strict=True):
            expected = bytearray(numbered_frame(number))
            expected[22] = frame[22]  # the mark
            change(expected)
            if frame != expected:
                found.append(number)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
