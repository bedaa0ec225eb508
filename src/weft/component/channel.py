"""Whole messages over the component's socket, without ever blocking for good."""

from __future__ import annotations

import os
import select
import socket
from typing import TYPE_CHECKING

from weft.component.errors import LostError
from weft.component.protocol import Message, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Channel"]

CHUNK = 65536
MOST_DESCRIPTORS = 4
PATIENCE_MS = 1000  # for an engine that does not read


class Channel:
    """The connection to the engine. `descriptors` are the files that came with its messages."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.descriptors: list[int] = []
        self._received = bytearray()

    def fileno(self) -> int:
        """The socket, to poll."""
        return self.connection.fileno()

    def messages(self) -> Iterator[Message]:
        """The messages that are there; raises LostError at the end of the connection, ProtocolError."""
        while (message := decode(self._received)) is not None:
            yield message
        while self._fill():
            while (message := decode(self._received)) is not None:
                yield message

    def _fill(self) -> bool:
        try:
            data, descriptors, _, _ = socket.recv_fds(
                self.connection, CHUNK, MOST_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return False
        except OSError as error:
            raise LostError(f"the connection to the engine broke: {error.strerror}") from error
        self.descriptors += descriptors
        if not data:
            raise LostError("the engine is gone")
        self._received += data
        return True

    def send(self, *messages: Message) -> None:
        """Sends all of them; raises LostError where the engine is gone or does not read for a second."""
        left = memoryview(b"".join(encode(message) for message in messages))
        while left:
            try:
                left = left[self.connection.send(left, socket.MSG_NOSIGNAL) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self.connection, select.POLLOUT)
                if not poll.poll(PATIENCE_MS):
                    raise LostError("the engine reads no messages") from None
            except OSError as error:
                raise LostError(f"the connection to the engine broke: {error.strerror}") from error

    def take_descriptors(self, count: int) -> list[int] | None:
        """Hands over the files that came, if they are `count`."""
        if len(self.descriptors) != count:
            return None
        taken, self.descriptors = self.descriptors, []
        return taken

    def close(self) -> None:
        """Closes the connection and the files nobody took."""
        self.connection.close()
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []
