"""Several calls in one request."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from fastapi import Body, Request

from weft.api.models import BatchAnswer, BatchBody
from weft.api.problems import MEDIA_TYPE, RequestError, problem_of, refusals
from weft.api.route import router
from weft.api.streams import NDJSON

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

    from weft.api.models import BatchCall

__all__ = ["routes"]

routes = router("batch")

_STREAMS = ("/v1/events", "/trace", "/v1/batch")
_ENDLESS = (b"text/event-stream", NDJSON.encode())
_LONGEST = 2**20


@routes.post("/batch", response_model=list[BatchAnswer], responses=refusals(415))
async def make_calls(request: Request, body: Annotated[BatchBody, Body()]) -> Any:
    """Make several calls one after the other, and get their answers in that order.

    There may be 100 of them, none to a stream, and no answer longer than 1 MiB. With `stop_at_error`
    the answers end with the first that is an error.
    """
    for call in body.calls:
        path, _, query = unquote(call.path).partition("?")
        if path.endswith(_STREAMS) or "follow" in query:
            raise RequestError(422, f"'{call.path}' is a stream, which a batch cannot hold")
    answers = []
    for call in body.calls:
        answer = await _call(request, call)
        answers.append(answer)
        if body.stop_at_error and answer["status"] >= 400:
            break
    return answers


async def _call(request: Request, call: BatchCall) -> dict[str, Any]:
    """One call, to the application itself."""
    application: ASGIApp = request.app
    path, _, query = call.path.partition("?")
    content = b"" if call.body is None else json.dumps(call.body).encode()
    scope = {
        **{name: request.scope.get(name) for name in ("scheme", "server", "client")},
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": call.method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"batch"),
            (b"accept", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            *([(b"content-type", b"application/json")] if content else []),
        ],
        "state": {},
    }
    answer = _Answer(content)
    await application(scope, answer.receive, answer.send)
    return answer.data()


class _Answer:
    """Takes in what the application answers; who answers without end is told that nobody listens."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._status = 500
        self._headers: dict[bytes, bytes] = {}
        self._body = bytearray()
        self._over = asyncio.Event()

    async def receive(self) -> Message:
        """The body of the call, and its end."""
        content, self._content = self._content, None
        if content is not None:
            return {"type": "http.request", "body": content, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """A part of the answer."""
        if self._over.is_set():
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = dict(message["headers"])
            if self._headers.get(b"content-type", b"").startswith(_ENDLESS):
                self._refuse(422, "it is a stream, which a batch cannot hold")
            return
        self._body += message.get("body", b"")[: _LONGEST + 1]
        if len(self._body) > _LONGEST:
            self._refuse(413, "the answer is too long for a batch; allowed: 1 MiB")
        elif not message.get("more_body"):
            self._over.set()

    def _refuse(self, status: int, why: str) -> None:
        """Answer that instead, and take in no more."""
        self._status, self._headers = status, {b"content-type": MEDIA_TYPE.encode()}
        self._body = bytearray(json.dumps(problem_of(RequestError(status, why))).encode())
        self._over.set()

    def data(self) -> dict[str, Any]:
        """The answer as data."""
        text = self._body.decode(errors="replace")
        is_json = b"json" in self._headers.get(b"content-type", b"")
        location = self._headers.get(b"location")
        return {
            "status": self._status,
            "location": location.decode() if location else None,
            "body": json.loads(text) if is_json and text else (text or None),
        }
