"""What happens, in a bounded ring, for everyone who listens."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Event", "EventRing", "Listener"]

_RING = 1024
_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; ids of one server's run are BOOT-NUMBER, with numbers that rise."""

    id: str
    kind: str
    data: dict[str, Any]


@dataclass(eq=False)
class Listener:
    """Someone who listens; `queue` ends with None when the ring closes or too much waits."""

    queue: asyncio.Queue[Event | None] = field(default_factory=lambda: asyncio.Queue(_BACKLOG + 1))
    is_slow: bool = False


class EventRing:
    """Keeps the last events, and hands new ones to listeners; who does not listen is cut off."""

    def __init__(self) -> None:
        self._boot = os.urandom(4).hex()
        self._number = 0
        self._ring: deque[Event] = deque(maxlen=_RING)
        self._listeners: set[Listener] = set()
        self._closed = False

    def add(self, kind: str, **data: Any) -> None:
        """Tell that something happened."""
        self._number += 1
        identity = f"{self._boot}-{self._number}"
        event = Event(identity, kind, {"time": time.time(), **data})
        self._ring.append(event)
        for listener in list(self._listeners):
            self._hand(listener, event)

    def listen(self) -> Listener:
        """A listener for what happens from now on."""
        listener = Listener()
        self._listeners.add(listener)
        if self._closed:
            self._end(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """A listener hears no more."""
        self._listeners.discard(listener)

    def since(self, identity: str | None) -> tuple[list[Event], bool]:
        """What happened after the event of this id, and whether some of that is lost.

        Without an id that is nothing; after one of another run of the server all there is.
        """
        if identity is None:
            return [], False
        boot, _, text = identity.partition("-")
        number = int(text) if text.isdecimal() and len(text) < 19 else -1
        if boot != self._boot or not 0 <= number <= self._number:
            return list(self._ring), True
        first = self._number - len(self._ring)
        return list(self._after(number)), number < first

    def _after(self, number: int) -> Iterator[Event]:
        skipped = max(number - (self._number - len(self._ring)), 0)
        for index, event in enumerate(self._ring):
            if index >= skipped:
                yield event

    def close(self) -> None:
        """End every listener."""
        self._closed = True
        for listener in list(self._listeners):
            self._end(listener)

    def _hand(self, listener: Listener, event: Event) -> None:
        if listener.queue.qsize() >= _BACKLOG:
            listener.is_slow = True
            self._end(listener)
        else:
            listener.queue.put_nowait(event)

    def _end(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        listener.queue.put_nowait(None)
