"""A server for tests: `weft serve` in a process, with the run directory of a test."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import signal
import socket
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.system.conftest import Weft

__all__ = ["Answer", "Server", "serving", "upload"]


def upload(package: Path | str, **asked: Any) -> tuple[bytes, dict[str, str]]:
    """A body with a package, a folder or a file, and what is asked for; and its header."""
    path = Path(package)
    if path.is_dir():
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for file in sorted(path.iterdir()):
                archive.write(file, file.name)
        name, sent = f"{path.name}.zip", content.getvalue()
    else:
        name, sent = path.name, path.read_bytes()
    head = b'--cut\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    body = b"".join(
        [
            head % (b"request", b"") + json.dumps(asked).encode(),
            b"\r\n" + head % (b"package", b'; filename="%s"' % name.encode()) + sent,
            b"\r\n--cut--\r\n",
        ]
    )
    return body, {"Content-Type": "multipart/form-data; boundary=cut"}


class Answer:
    """What the server answered."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("weft", timeout=30)
        self._path = path

    def connect(self) -> None:
        """Connect to the unix socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self._path))


class Server:
    """A running server."""

    def __init__(self, weft: Weft, *options: str) -> None:
        self.path = weft.run_directory / "api.sock"
        self.process = weft.popen("serve", *options)
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        assert self.line == f"weft: serves unix:{self.path}\n", self.process.communicate()
        self.network = self.process.stdout.readline() if "--listen" in options else ""

    @contextlib.contextmanager
    def opened(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer that is read while the body runs; a package that is a path goes along."""
        connection = _Connection(self.path)
        sent = dict(headers or {})
        if isinstance(body, dict) and Path(str(body.get("package"))).exists():
            rest = {name: value for name, value in body.items() if name != "package"}
            body, kind = upload(body["package"], **rest)
            sent |= kind
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, target, body, sent)
            yield connection.getresponse()
        finally:
            connection.close()

    def ask(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request and its answer."""
        with self.opened(method, target, body, headers) as answer:
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """End it; its exit status and its log."""
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log


@contextlib.contextmanager
def serving(weft: Weft, *options: str) -> Iterator[Server]:
    """A server while the body runs."""
    server = Server(weft, *options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end()
