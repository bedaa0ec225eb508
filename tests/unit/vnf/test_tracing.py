"""The client of a trace against an engine that answers as told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from weft.errors import FunctionError, HandlerError
from weft.model.trace import TraceRequest
from weft.vnf.tracing import follow, options_text

if TYPE_CHECKING:
    from weft.vnf.control import ControlSocket


class Engine:
    """Answers with looks, one by one; notes what is written."""

    def __init__(self, *looks: dict[str, Any], refusal: HandlerError | None = None) -> None:
        self.looks = list(looks)
        self.refusal = refusal
        self.asked: list[str] = []
        self.written: list[tuple[str, str]] = []

    async def write(self, handler: str, value: str) -> None:
        self.written.append((handler, value))
        if self.refusal:
            raise self.refusal

    async def read(self, handler: str, parameters: str) -> bytes:
        assert handler == "trace"
        self.asked.append(parameters)
        identity = self.written[0][1].split(",")[0].removeprefix("ID ")
        return json.dumps({"id": identity, **self.looks.pop(0)}).encode()


def followed(engine: Engine, most: int = 9) -> list[dict[str, Any]]:
    async def collect() -> list[dict[str, Any]]:
        looks = []
        generator = follow(cast("ControlSocket", engine), TraceRequest())
        async for look in generator:
            looks.append(look)
            if len(looks) == most:
                await generator.aclose()
        return looks

    return asyncio.run(collect())


def test_a_request_is_written_as_keywords() -> None:
    request = TraceRequest('ip proto "x"', "12/0800", "a/b", 2, 3, 64)
    assert options_text(request, "me") == (
        'ID me, FILTER "ip proto \\"x\\"", BYTES "12/0800", AT "a/b", EVERY 2, COUNT 3, BYTES_PER_HOP 64'
    )
    assert options_text(TraceRequest(), "me") == "ID me, EVERY 1, COUNT 1, BYTES_PER_HOP 256"


def test_only_what_is_new_is_asked_for_until_the_end() -> None:
    engine = Engine({"revision": 4, "state": "running"}, {"revision": 6, "state": "ended"})
    assert [look["revision"] for look in followed(engine)] == [4, 6]
    assert engine.asked == ["0", "4"]


def test_whoever_leaves_ends_the_trace() -> None:
    engine = Engine({"revision": 4, "state": "running"})
    followed(engine, most=1)
    assert [handler for handler, _ in engine.written] == ["trace", "trace_stop"]
    assert engine.written[0][1].startswith(f"ID {engine.written[1][1]},")


def test_a_refusal_is_told_without_the_protocol() -> None:
    refusal = HandlerError(520, "Write handler 'trace' error:\npattern 0: x\npattern 0: y")
    with pytest.raises(FunctionError) as caught:
        followed(Engine(refusal=refusal))
    assert caught.value.message == "no trace: pattern 0: x\npattern 0: y"


def test_another_trace_or_engine_is_noticed() -> None:
    engine = Engine({"id": "other", "revision": 4, "state": "running"})
    with pytest.raises(FunctionError, match="the trace is gone"):
        followed(engine)
