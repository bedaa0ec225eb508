"""A web server with room for many callers at once: python web.py PORT FOLDER"""

from __future__ import annotations

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    request_queue_size = 256


if __name__ == "__main__":
    handler = partial(SimpleHTTPRequestHandler, directory=sys.argv[2])
    with _Server(("", int(sys.argv[1])), handler) as server:
        server.serve_forever()
