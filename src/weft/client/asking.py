"""Asking a server: requests to its REST, and errors as they are raised in this process."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

from weft.client.connection import ask
from weft.client.problems import error_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine

    from weft.client.connection import Address, Answer

__all__ = ["BYTES", "JSON", "NDJSON", "TEXT", "Asker", "function_path", "lines_of", "waited"]

JSON = "application/json"
NDJSON = "application/x-ndjson"
BYTES = "application/octet-stream"
TEXT = "text/plain"

_Result = TypeVar("_Result")


class Asker:
    """What every part of a client over REST stands on."""

    _address: Address
    _say: Callable[[str], None]

    def _ask(
        self,
        method: str,
        target: str,
        body: bytes | BinaryIO = b"",
        media_type: str = "",
        *,
        accept: str = JSON,
        base: str = "/v1",
    ) -> _Asking:
        headers = {"Accept": accept}
        if media_type:
            headers["Content-Type"] = media_type
        return _Asking(self._address, method, f"{base}{target}", headers, body)

    async def _get(self, target: str) -> Any:
        async with self._ask("GET", target) as answer:
            return json.loads(await answer.read())

    async def _do(self, method: str, target: str, body: bytes = b"", media_type: str = "") -> None:
        async with self._ask(method, target, body, media_type) as answer:
            await answer.read()

    async def _operation(
        self, method: str, target: str, body: bytes | BinaryIO, media_type: str
    ) -> Any:
        """What becomes of a long operation; it tells of its progress, and leaving calls it off."""
        async with (
            self._ask(method, target, body, media_type, accept=NDJSON) as answer,
            aclosing(lines_of(answer)) as lines,
        ):
            async for line in lines:
                if "progress" in line:
                    self._say(line["progress"])
                elif "result" in line:
                    return line["result"]
        raise error_of({"detail": "the server ended without telling what became of it"})


class _Asking:
    """A request whose answer is read in the body; an answer that is an error is raised."""

    def __init__(self, *request: Any) -> None:
        self._open = ask(*request)

    async def __aenter__(self) -> Answer:
        answer = await self._open.__aenter__()
        if answer.status < 400:
            return answer
        try:
            raise error_of(_problem(answer.status, await answer.read()))
        finally:
            await self._open.__aexit__(None, None, None)

    async def __aexit__(self, *error: Any) -> None:
        await self._open.__aexit__(*error)


def _problem(status: int, body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
        if isinstance(problem, dict):
            return problem
    except ValueError:
        pass
    return {"detail": f"the server answers with status {status}"}


async def lines_of(answer: Answer) -> AsyncGenerator[dict[str, Any], None]:
    """A stream's lines of JSON; the one that tells of a problem is raised."""
    rest = b""
    async for piece in answer.pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            data = json.loads(line)
            if "problem" in data:
                raise error_of(data["problem"])
            yield data


def function_path(name: str, *further: str) -> str:
    """The path of something of a function."""
    return "/".join(["/functions", *(quote(part, safe="") for part in (name, *further))])


def waited(work: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of work, for callers that cannot wait for it themselves."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    done: list[_Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as error:  # raised where it is waited for
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]
