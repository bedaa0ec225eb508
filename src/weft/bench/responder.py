"""Answers what the other end asks: python -m weft.bench.responder TCP_DESCRIPTOR UDP_DESCRIPTOR

Both are sockets that were opened where they are to answer; each message goes back as it came.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

_LONGEST = 65536


def _answer_connection(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, contextlib.suppress(OSError):
        while message := connection.recv(_LONGEST):
            connection.sendall(message)


def _answer_connections(listener: socket.socket) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer_connection, args=(connection,), daemon=True).start()


def _answer_datagrams(handle: socket.socket) -> None:
    while True:
        message, sender = handle.recvfrom(_LONGEST)
        with contextlib.suppress(OSError):
            handle.sendto(message, sender)


def main() -> None:
    """Answer until the process that started this one is gone."""
    listener, datagrams = (socket.socket(fileno=int(text)) for text in sys.argv[1:3])
    threading.Thread(target=_answer_connections, args=(listener,), daemon=True).start()
    threading.Thread(target=_answer_datagrams, args=(datagrams,), daemon=True).start()
    sys.stdin.buffer.read()  # ends with the other process, however that ends


if __name__ == "__main__":
    main()
