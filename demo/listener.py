"""A TCP listener that greets whoever connects: python listener.py PORT"""

from __future__ import annotations

import socketserver
import sys


class _Greeter(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(b"SSH-2.0-demo\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with _Server(("", int(sys.argv[1])), _Greeter) as server:
        server.serve_forever()
