"""What is advised where a handler is not there, or is used in a way it cannot be."""

from __future__ import annotations

import asyncio

import pytest

from weft.errors import HandlerError, NotRunningError
from weft.manager.advice import advised

FLAGS = {
    "c.handlers": b"class\tr.\nport\trw\ncount\tr\nclear\tw\nevict\tx\nreset\twb\n",
    "empty.handlers": b"class\tr.\nname\tr.\n",
    "handlers": b"version\tr\nstop\tw\n",
    "many.handlers": "".join(f"h{i}\tr\n" for i in range(40)).encode(),
}


async def read(handler: str) -> bytes:
    if handler not in FLAGS:
        raise NotRunningError("no engine")
    return FLAGS[handler]


def advice(code: int, handler: str, message: str = "no") -> tuple[str, str | None]:
    better = asyncio.run(advised(HandlerError(code, message), "wire", handler, read))
    assert better.code == code
    return better.message, better.hint


@pytest.mark.parametrize(
    ("code", "handler", "hint"),
    [
        (510, "x.count", "`weft show wire --handlers` lists elements and their handlers"),
        (511, "c.none", "'c' has: port, count, clear, evict, reset"),
        (511, "empty.none", "'empty' has: class, name"),
        (511, "none", "the graph has: version, stop"),
        (511, "gone.none", "`weft show wire --handlers` lists elements and their handlers"),
        (511, "many.none", f"'many' has: {', '.join(f'h{i}' for i in range(30))}, ..."),
        (530, "c.count", "read it: weft read wire c.count"),
        (530, "c.clear", "write it: weft write wire c.clear VALUE"),
        (530, "c.evict", "call it: weft call wire c.evict [ARGUMENT]"),
        (530, "c.reset", "call it: weft call wire c.reset"),
        (530, "version", "read it: weft read wire version"),
        (530, "gone.x", None),
        (520, "c.port", None),
    ],
)
def test_what_is_allowed_is_named(code: int, handler: str, hint: str | None) -> None:
    assert advice(code, handler) == ("no", hint)


def test_a_person_is_not_told_how_the_control_socket_calls() -> None:
    told, _ = advice(530, "c.evict", "Handler 'c.evict' is a command: call it with READDATA")
    assert told == "Handler 'c.evict' is a command"
