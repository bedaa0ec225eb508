"""A server for tries: python answering.py NAME PORT

On TCP and UDP alike it answers what it is sent with its name and the number of bytes it heard.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading


def _answer_datagrams(handle: socket.socket, name: str) -> None:
    while True:
        message, sender = handle.recvfrom(65536)
        handle.sendto(f"{name} heard {len(message)} bytes".encode(), sender)


def _answer_connection(connection: socket.socket, name: str) -> None:
    with connection, contextlib.suppress(OSError):
        while message := connection.recv(65536):
            connection.sendall(f"{name} heard {len(message)} bytes".encode())


def main(name: str, port: int) -> None:
    """Answer until killed."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("", port))
    threading.Thread(target=_answer_datagrams, args=(datagrams, name), daemon=True).start()
    with socket.create_server(("", port)) as listener:
        while True:
            connection, _ = listener.accept()
            arguments = (connection, name)
            threading.Thread(target=_answer_connection, args=arguments, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
