"""The loop of a component: batches in, batches out, handler calls in between, and sleep."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import traceback
from os import sched_yield
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

from weft.component.errors import HandlerError
from weft.component.protocol import ANSWER, BYE, CALL, FAILED, MAX_PAYLOAD, Message, call_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

    from weft.component.batch import Batch
    from weft.component.channel import Channel
    from weft.component.handlers import Handler
    from weft.component.link import Link

__all__ = ["Session", "Stop", "Timer"]

LOOK_NS = 1_000_000  # how long batches may keep handler calls waiting


class Stop:
    """Becomes readable when the process is asked to end (SIGTERM)."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.requested = False
        self._before: Any = None
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._before = signal.signal(signal.SIGTERM, self._signalled)

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self.request()

    def request(self) -> None:
        """Asks to end."""
        self.requested = True
        os.eventfd_write(self.descriptor, 1)

    def close(self) -> None:
        """Puts the signal back."""
        if self._main:
            signal.signal(signal.SIGTERM, self._before or signal.SIG_DFL)
        os.close(self.descriptor)


class Timer:
    """A function to be called every `interval_s` seconds, between batches."""

    def __init__(self, interval_s: float, function: Callable[[], object]) -> None:
        if interval_s <= 0:
            raise ValueError(f"an interval is more than 0 seconds, not {interval_s}")
        self.interval_ns = int(interval_s * 1e9)
        self.function = function
        self.due = monotonic_ns() + self.interval_ns

    def look(self, now: int) -> None:
        """Calls it if it is due; periods that were missed are not made up for."""
        if now >= self.due:
            self.due = max(self.due + self.interval_ns, now)
            self.function()


class Session:
    """Serves one attachment until either side says goodbye. LostError and ProtocolError end it too."""

    def __init__(
        self,
        channel: Channel,
        link: Link,
        handlers: Mapping[str, Handler],
        timers: list[Timer],
        stop: Stop,
    ) -> None:
        self.channel, self.link, self.handlers = channel, link, handlers
        self.timers, self.stop = timers, stop
        self.goodbye = False
        self._poll = select.poll()
        for descriptor in (link.wake_in, channel.fileno(), stop.descriptor):
            self._poll.register(descriptor, select.POLLIN)

    def serve(self, work: Callable[[Batch], object], spin_us: int) -> None:
        """Hands every batch to `work`, until the engine says goodbye or the process is asked to end."""
        link, stop, spin_ns = self.link, self.stop, 1000 * spin_us
        receive, give_back = link.receive, link.give_back
        due = 0
        while not (self.goodbye or stop.requested):
            batch = receive()
            if batch is not None:
                work(batch)
                give_back()
                if monotonic_ns() < due:
                    continue
            elif self._spun(spin_ns):
                continue
            else:
                self._sleep()
            self._look()
            due = monotonic_ns() + LOOK_NS
        self._drain(work)

    def leave(self) -> None:
        """Says goodbye, once everything is returned."""
        self.link.flush()
        self.channel.send(Message(BYE))

    def _drain(self, work: Callable[[Batch], object]) -> None:
        """Returns what lies in the ring; an engine that goes on filling it is not waited for."""
        link = self.link
        most = link.rings.entries
        while most > 0 and not link.rings.empty():
            batch = link.receive()
            if batch is not None:
                work(batch)
                most -= link.count
                link.give_back()

    def _spun(self, spin_ns: int) -> bool:
        """Looks for packets for `spin_ns` before sleep is worth it, giving way to other processes."""
        empty, until = self.link.rings.empty, monotonic_ns() + spin_ns
        while empty():
            if monotonic_ns() >= until:
                return False
            sched_yield()
        return True

    def _sleep(self) -> None:
        link = self.link
        link.flush()
        if not link.rings.may_sleep():
            return
        ready = dict(self._poll.poll(self._timeout_ms()))
        link.rings.awake()
        if link.wake_in in ready:
            os.eventfd_read(link.wake_in)

    def _timeout_ms(self) -> float | None:
        if not self.timers:
            return None
        first = min(timer.due for timer in self.timers)
        return max(0, (first - monotonic_ns()) / 1e6)

    def _look(self) -> None:
        """Serves what waits on the socket, and timers."""
        for message in self.channel.messages():
            if message.type == CALL:
                self.channel.send(self._answer(message))
            elif message.type == BYE:
                self.goodbye = True
                return
        if self.timers:
            now = monotonic_ns()
            for timer in self.timers:
                timer.look(now)

    def _answer(self, call: Message) -> Message:
        name, value = call_of(call.payload)
        try:
            return Message(ANSWER, self._called(name, value, write=call.status == 1), 0, call.id)
        except HandlerError as error:
            text = str(error)
        except Exception as error:
            # Only the call fails: a value nobody foresaw is no reason to lose packets.
            traceback.print_exc()
            sys.stderr.flush()
            text = f"{type(error).__name__}: {error}"
        return Message(ANSWER, text.encode(errors="replace")[:MAX_PAYLOAD], FAILED, call.id)

    def _called(self, name: str, value: bytes, *, write: bool) -> bytes:
        handler = self.handlers.get(name)
        if handler is None:
            raise HandlerError(f"no handler '{name}'")
        if not write:
            return handler.read(value)
        handler.written(value)
        return b""
