"""Attaching to the engine: connect, say hello, map what the welcome brings, declare, be ready."""

from __future__ import annotations

import select
import socket
import time
from typing import TYPE_CHECKING

from weft.component.channel import Channel
from weft.component.errors import LostError, ProtocolError, RefusedError, UnreachableError
from weft.component.link import Link
from weft.component.protocol import (
    BYE,
    HANDLER,
    HELLO,
    READY,
    REASON,
    REFUSED,
    WELCOME,
    Message,
    Welcome,
    hello_payload,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from weft.component.handlers import Handler

__all__ = ["Declarations", "attach"]

PATIENCE_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.001, 0.1


class Declarations:
    """What a component says of itself when it attaches."""

    def __init__(
        self,
        name: str,
        hello: bytes,
        handlers: Iterable[Handler] = (),
        reasons: Mapping[str, int] | None = None,
    ) -> None:
        self.name, self.hello = name, hello
        self.handlers = list(handlers)
        self.reasons = reasons or {}

    @classmethod
    def of(
        cls,
        name: str,
        sdk: str,
        *,
        features: int = 0,
        spares: tuple[int, int] = (32, 2),
        handlers: Iterable[Handler] = (),
        reasons: Mapping[str, int] | None = None,
    ) -> Declarations:
        """Encodes the hello; raises ValueError where the name is too long."""
        return cls(name, hello_payload(name, sdk, features, *spares), handlers, reasons)

    def messages(self) -> list[Message]:
        """What is said between WELCOME and READY, READY included."""
        return [
            *(Message(HANDLER, handler.payload()) for handler in self.handlers),
            *(Message(REASON, name.encode(), 0, number) for name, number in self.reasons.items()),
            Message(READY),
        ]


def attach(
    path: str, declarations: Declarations, stop: int, *, again: bool = False
) -> tuple[Channel, Link] | None:
    """Attaches; None where `stop` becomes readable, or the engine says goodbye, before it has.

    `again`, after an engine was lost, it tries for ten seconds. Raises RefusedError,
    UnreachableError, LostError, ProtocolError.
    """
    deadline = time.monotonic() + PATIENCE_S
    pause = FIRST_PAUSE_S
    while True:
        try:
            return _attach_once(path, declarations, stop)
        except (UnreachableError, LostError):
            if not again or time.monotonic() > deadline:
                raise
        if select.select([stop], [], [], pause)[0]:
            return None
        pause = min(2 * pause, LONGEST_PAUSE_S)


def _attach_once(path: str, declarations: Declarations, stop: int) -> tuple[Channel, Link] | None:
    channel = Channel(_connected(path))
    try:
        channel.send(Message(HELLO, declarations.hello))
        welcome = _welcome(channel, stop)
        if welcome is None:
            channel.close()
            return None
        descriptors = channel.take_descriptors(4)
        if descriptors is None:
            raise ProtocolError(f"a WELCOME with {len(channel.descriptors)} descriptors, not 4")
        link = Link(welcome, descriptors, declarations.reasons)
        try:
            channel.send(*declarations.messages())
        except LostError:
            link.close()
            raise
    except BaseException:
        channel.close()
        raise
    return channel, link


def _connected(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise UnreachableError(f"no engine at {path}: {error.strerror or error}") from error
    return connection


def _welcome(channel: Channel, stop: int) -> Welcome | None:
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(stop, select.POLLIN)
    while True:
        if stop in dict(poll.poll()):
            return None
        for message in channel.messages():
            if message.type == WELCOME:
                return Welcome.decode(message.payload)
            if message.type == REFUSED:
                raise RefusedError(message.payload.decode(errors="replace"))
            if message.type == BYE:
                return None
            raise ProtocolError(f"a message of type {message.type} before the WELCOME")
