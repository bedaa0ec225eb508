"""Requests that are sent again under the same Idempotency-Key get the answer of the first."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from weft.api.problems import RequestError
from weft.api.spools import is_archive, spooled_hash

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

__all__ = ["KEY_HEADER", "Repeats"]

KEY_HEADER = "Idempotency-Key"
_MOST = 1000
_LONGEST_BODY = 2**20
_MOST_BYTES = 64 * 2**20


@dataclass
class _First:
    """A request that was the first of its key, and its answer once there is one."""

    print: str
    done: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: tuple[int, dict[str, str], bytes] | None = None


class Repeats:
    """The last answers by key. What failed may be tried again; agents know operations by the key too."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """`most_bytes` is how long all bodies together may be; the oldest go first."""
        self._firsts: OrderedDict[str, _First] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0

    async def answer(
        self, request: Request, key: str, ask: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer to a request; one with the same key is not asked twice, nor beside it."""
        fingerprint = await _print(request)
        first = self._firsts.setdefault(key, _First(fingerprint))
        self._firsts.move_to_end(key)
        self._make_room()
        if first.print != fingerprint:
            raise RequestError(
                422, f"{KEY_HEADER} '{key}' was used for another request; choose a new one"
            )
        async with first.done:
            if first.answer is None:
                answer = await ask()
                body = getattr(answer, "body", None)  # a stream has none, and is not kept
                if answer.status_code < 300 and body is not None and len(body) <= _LONGEST_BODY:
                    first.answer = (answer.status_code, dict(answer.headers), bytes(body))
                    if self._firsts.get(key) is first:
                        self._bytes += len(body)
                        self._make_room()
                return answer
        status, headers, body = first.answer
        return Response(body, status, headers)

    def _make_room(self) -> None:
        while len(self._firsts) > _MOST or self._bytes > self._most_bytes:
            _, oldest = self._firsts.popitem(last=False)
            self._bytes -= len(oldest.answer[2]) if oldest.answer else 0


async def _print(request: Request) -> str:
    is_large = is_archive(request.headers.get("content-type", ""))
    body = await spooled_hash(request) if is_large else await request.body()
    parts = [request.method.encode(), str(request.url).encode(), body]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
