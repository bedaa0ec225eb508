"""Requests that are sent again under the same Idempotency-Key get the answer of the first."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import Response

from weft.api.problems import RequestError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

__all__ = ["KEY_HEADER", "Repeats"]

KEY_HEADER = "Idempotency-Key"
_MOST = 1000
_LONGEST_BODY = 2**20


@dataclass
class _First:
    """A request that was the first of its key, and its answer once there is one."""

    print: str
    done: asyncio.Lock = field(default_factory=asyncio.Lock)
    answer: tuple[int, dict[str, str], bytes] | None = None


class Repeats:
    """The last answers by key. What failed may be tried again; agents know operations by the key too."""

    def __init__(self) -> None:
        self._firsts: OrderedDict[str, _First] = OrderedDict()

    async def answer(
        self, request: Request, key: str, ask: Callable[[], Awaitable[Response]]
    ) -> Response:
        """The answer to a request; one with the same key is not asked twice, nor beside it."""
        fingerprint = await _print(request)
        first = self._firsts.setdefault(key, _First(fingerprint))
        self._firsts.move_to_end(key)
        if len(self._firsts) > _MOST:
            self._firsts.popitem(last=False)
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
                return answer
        status, headers, body = first.answer
        return Response(body, status, headers)


async def _print(request: Request) -> str:
    parts = [request.method.encode(), str(request.url).encode(), await request.body()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
