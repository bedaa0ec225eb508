"""Answers that are kept for requests that are sent again: how many, and how long."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from weft.api.repeats import Repeats


def request() -> Request:
    scope = {"type": "http", "method": "POST", "path": "/v1/x", "query_string": b"", "headers": []}
    scope |= {"scheme": "http", "server": ("weft", 80)}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    return Request(scope, receive)


def test_the_oldest_answers_make_room_for_others() -> None:
    repeats, asked = Repeats(most_bytes=10), 0

    async def ask() -> Response:
        nonlocal asked
        asked += 1
        return Response(f"{asked:04}")

    async def story() -> list[bytes]:
        keys = ("a", "b", "a", "c", "a", "b", "c")
        return [bytes((await repeats.answer(request(), key, ask)).body) for key in keys]

    # When `c` comes there is no room for three; `a` was asked for later than `b`.
    assert asyncio.run(story()) == [b"0001", b"0002", b"0001", b"0003", b"0001", b"0004", b"0005"]


def test_what_failed_may_be_tried_again() -> None:
    repeats, answers = Repeats(), [Response("no", 409), Response("yes")]

    async def ask() -> Response:
        return answers.pop(0)

    async def story() -> list[int]:
        return [(await repeats.answer(request(), "k", ask)).status_code for _ in range(3)]

    assert asyncio.run(story()) == [409, 200, 200]
