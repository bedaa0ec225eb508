"""What an author writes: a Component, its function for packets, its handlers."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from weft.component.attach import Declarations, attach
from weft.component.errors import ComponentError, LostError, RefusedError
from weft.component.handlers import TYPES, Handler
from weft.component.protocol import FEATURE_NSH, FEATURE_TIMESTAMPS, VERSION
from weft.component.run import Session, Stop, Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from weft.component.batch import Batch, Octets
    from weft.component.link import Link
    from weft.component.packet import OwnPacket, Packet

    OnPacket = TypeVar("OnPacket", bound=Callable[[Packet], object])
    OnBatch = TypeVar("OnBatch", bound=Callable[[Batch], object])
    Function = TypeVar("Function", bound=Callable[[], object])

__all__ = ["Component"]

SDK = f"weft-python {VERSION}"
REASON = re.compile(r"[a-z0-9-]{1,64}")
MOST_REASONS, MOST_HANDLERS = 255, 256
MOST_SPARES, MOST_LARGE_SPARES = 256, 16


class Component:
    """A component: give it a function with `packet` or `batch`, then call `run`.

    `reasons` are the words packets may be dropped for (`a-z 0-9 -`, at most 64 each). `spares` and
    `large_spares` are how many frames of up to about 2 kB and 64 kB are held ready for new packets
    (at most 256 and 16). `timestamps` asks for `packet.timestamp`. For `spin_us` microseconds it
    looks for packets before it sleeps.
    """

    def __init__(
        self,
        *,
        reasons: Iterable[str] = (),
        spares: int = 32,
        large_spares: int = 2,
        timestamps: bool = False,
        spin_us: int = 20,
    ) -> None:
        self.reasons = {name: number for number, name in enumerate(reasons, 1)}
        for name in self.reasons:
            if not REASON.fullmatch(name):
                raise ValueError(f"a reason has a-z, 0-9 and -, at most 64 of them: '{name}'")
        if len(self.reasons) > MOST_REASONS:
            raise ValueError(f"{len(self.reasons)} reasons; at most {MOST_REASONS} are allowed")
        for what, asked, most in (
            ("spares", spares, MOST_SPARES),
            ("large_spares", large_spares, MOST_LARGE_SPARES),
        ):
            if not 0 <= asked <= most:
                raise ValueError(f"{what} is 0 to {most}, not {asked}")
        self._spares = (spares, large_spares)
        self._features = FEATURE_NSH | (FEATURE_TIMESTAMPS if timestamps else 0)
        self._spin_us = spin_us
        self._handlers: dict[str, Handler] = {}
        self._timers: list[tuple[float, Callable[[], object]]] = []
        self._work: Callable[[Batch], object] | None = None
        self._last: Callable[[], object] | None = None
        self._link: Link | None = None

    # ---- what it does

    def packet(self, function: OnPacket) -> OnPacket:
        """Decorates the function that is called with each packet."""

        def each(batch: Batch) -> None:
            for packet in batch:
                function(packet)

        self._set_work(each)
        return function

    def batch(self, function: OnBatch) -> OnBatch:
        """Decorates the function that is called with each batch of at most 256 packets."""
        self._set_work(function)
        return function

    def _set_work(self, work: Callable[[Batch], object]) -> None:
        if self._work is not None:
            raise ValueError("a component has one function for packets; this is the second")
        self._work = work

    def every(self, interval_s: float) -> Callable[[Function], Function]:
        """Decorates a function that is called every `interval_s` seconds, between batches."""

        def decorate(function: Function) -> Function:
            self._timers.append((interval_s, function))
            return function

        return decorate

    def goodbye(self, function: Function) -> Function:
        """Decorates a function that is called before the component leaves: to send what it keeps."""
        self._last = function
        return function

    def handler(
        self,
        name: str | None = None,
        *,
        type: object = str,  # noqa: A002
        unit: str = "",
        help: str = "",  # noqa: A002
        limits: str = "",
        write_only: bool = False,
    ) -> Callable[[Callable[..., Any]], Handler]:
        """Decorates a function whose return value is a handler's value.

        A function with one argument takes the parameter of the read. The decorated function's
        `.write` decorates the one that takes written values. `type` is str, int, float, bool, bytes,
        dict, list, or "lines", "unsigned", "json", "button"; the function of a button (nothing to
        read) is called when it is pressed, that of a `write_only` handler with the value.
        A written value that is not within `limits` is refused before: "0..65535" (numbers; either side
        may be left out), "tcp|udp" (numbers and text), "..20 bytes" (text, lines, JSON, bytes).
        It runs between two batches; HandlerError fails the call with its text. `name` defaults to
        the function's, `help` to the first line of its docstring.
        """

        def decorate(function: Callable[..., Any]) -> Handler:
            title, text = name or function.__name__, help or _first_line(function)
            made = self._add(Handler(title, type, unit, text, limits))
            if write_only or TYPES[type] == TYPES["button"]:
                return made.write(function)
            return made.reads(function)

        return decorate

    def command(
        self,
        name: str | None = None,
        *,
        type: object = str,  # noqa: A002
        unit: str = "",
        help: str = "",  # noqa: A002
        limits: str = "",
    ) -> Callable[[Callable[..., Any]], Handler]:
        """Decorates a function that is called with a text, its argument, and returns its result.

        A function without an argument is called without one. The result is of that `type`, nothing
        with "button". `limits` are those of the argument: "tcp|udp" or "..20 bytes". All else is as
        with `handler`.
        """

        def decorate(function: Callable[..., Any]) -> Handler:
            title, text = name or function.__name__, help or _first_line(function)
            return self._add(Handler(title, type, unit, text, limits, command=True)).reads(function)

        return decorate

    def _add(self, handler: Handler) -> Handler:
        if handler.name in self._handlers:
            raise ValueError(f"there are two handlers '{handler.name}'")
        if len(self._handlers) == MOST_HANDLERS:
            raise ValueError(f"a component has at most {MOST_HANDLERS} handlers")
        self._handlers[handler.name] = handler
        return handler

    # ---- packets of its own

    def new_packet(
        self, data: Octets, headroom: int = 128, *, parent: Packet | None = None
    ) -> OwnPacket | None:
        """A new packet with these bytes, `headroom` bytes before them; None where there is no frame.

        It stems from `parent`, a packet of the component's: it has its NSH (also where the component
        sees none), the time it came and its interface, but not its mark. Which of the two leaves
        first does not matter. A packet of a service function chain that stems from none is dropped
        behind the component, as `nsh-no-context`.
        """
        return self._link.new_packet(data, headroom, parent) if self._link else None

    def send(self, *packets: Packet | None) -> int:
        """Sends packets that were made, cloned or kept; None is left out. How many were sent.

        In a function for packets, or a loop over a batch, they leave just before the packet at
        hand; else in a batch's function before the batch, and in any other function at once.
        """
        return self._link.send(packets) if self._link else 0

    @property
    def inputs(self) -> int:
        """Inputs of its element; 0 while it is not attached."""
        return self._link.memory.welcome.inputs if self._link else 0

    @property
    def outputs(self) -> int:
        """Outputs of its element; 0 while it is not attached."""
        return self._link.memory.welcome.outputs if self._link else 0

    # ---- running

    def run(self) -> None:
        """Attaches and serves until the engine says goodbye, or SIGTERM comes.

        Where the engine is killed it attaches to the next one. Raises SystemExit: 1 where the
        engine refuses, cannot be reached or breaks the contract, 2 where the process was not
        started as a component; why stands on standard error. What the author's functions raise
        goes through.
        """
        if self._work is None:
            raise ValueError("decorate a function with @component.packet or @component.batch first")
        path, name = _variable("WEFT_COMPONENT"), _variable("WEFT_COMPONENT_NAME")
        stop = Stop()
        try:
            self._run(path, self._declarations(name), stop)
        except RefusedError as error:
            _fail(f"the engine refused component '{name}': {error}")
        except ComponentError as error:
            _fail(f"component '{name}': {error}")
        finally:
            stop.close()

    def _declarations(self, name: str) -> Declarations:
        try:
            return Declarations.of(
                name,
                SDK,
                features=self._features,
                spares=self._spares,
                handlers=self._handlers.values(),
                reasons=self.reasons,
            )
        except ValueError as error:
            _fail(str(error))

    def _run(self, path: str, declarations: Declarations, stop: Stop) -> None:
        assert self._work is not None
        timers = [Timer(interval, function) for interval, function in self._timers]
        again = False
        while attached := attach(path, declarations, stop.descriptor, again=again):
            channel, self._link = attached
            session = Session(channel, self._link, self._handlers, timers, stop)
            again = True
            try:
                session.serve(self._work, self._spin_us)
                if self._last is not None:
                    self._last()
                session.leave()
                return
            except LostError:
                if session.goodbye or stop.requested:
                    return
            finally:
                self._link.close()
                self._link = None
                channel.close()


def _variable(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        _fail(f"not started as a component: {name} is not set", 2)
    return value


def _fail(why: str, status: int = 1) -> NoReturn:
    print(f"weft: {why}", file=sys.stderr, flush=True)
    raise SystemExit(status)


def _first_line(function: Callable[..., Any]) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]
