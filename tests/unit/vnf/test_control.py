"""The ControlSocket client against scripted servers: exact bytes out, exact bytes in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from weft.errors import HandlerError, NotRunningError
from weft.vnf.control import ControlSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

BANNER = b"Click::ControlSocket/1.3\r\n"


def converse(
    path: Path,
    answers: bytes,
    talk: Callable[[ControlSocket], Awaitable[object]],
    banner: bytes = BANNER,
) -> bytes:
    """Serve `answers`, run `talk`, and return what the server was sent."""
    received = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        writer.write(banner + answers)
        received = await reader.read()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_unix_server(serve, path / "s")
        try:
            async with await ControlSocket.connect_unix(str(path / "s")) as control:
                await talk(control)
        finally:
            server.close()
            # The server reads to the end of what the client sent.
            while asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(run())
    return received


def test_several_are_read_at_once_and_each_has_its_answer(tmp_path: Path) -> None:
    answers: list[object] = []

    async def talk(control: ControlSocket) -> None:
        for answer in await control.read_each(["a.x", "a.y", "b.z"]):
            answers.append(answer.code if isinstance(answer, HandlerError) else answer)

    sent = converse(
        tmp_path,
        b"200 Read handler 'a.x' OK\r\nDATA 2\r\n10511 No handler named 'a.y'\r\n"
        b"200 Read handler 'b.z' OK\r\nDATA 0\r\n",
        talk,
    )
    assert sent == b"READ a.x\r\nREAD a.y\r\nREAD b.z\r\n"
    assert answers == [b"10", 511, b""]


def test_read_gives_exactly_the_announced_bytes(tmp_path: Path) -> None:
    values = []

    async def talk(control: ControlSocket) -> None:
        values.append(await control.read("c.count"))
        values.append(await control.read("a.table", "10.0.0.1"))

    sent = converse(
        tmp_path,
        b"200 Read handler 'c.count' OK\r\nDATA 2\r\n10"
        b"200 Read handler 'a.table' OK\r\nDATA 5\r\na\r\nb\n",
        talk,
    )
    assert values == [b"10", b"a\r\nb\n"]
    assert sent == b"READ c.count\r\nREAD a.table 10.0.0.1\r\n"


def test_parameters_of_several_lines_go_as_data(tmp_path: Path) -> None:
    sent = converse(tmp_path, b"200 ok\r\nDATA 0\r\n", lambda control: control.read("a.b", "x\ny"))
    assert sent == b"READDATA a.b 3\r\nx\ny"


def test_write_sends_its_value_as_data(tmp_path: Path) -> None:
    sent = converse(
        tmp_path,
        b"200 Write handler 'q.capacity' OK\r\n",
        lambda control: control.write("q.capacity", "10\n20"),
    )
    assert sent == b"WRITEDATA q.capacity 5\r\n10\n20"


def test_bytes_that_are_no_text_go_as_they_came(tmp_path: Path) -> None:
    async def talk(control: ControlSocket) -> None:
        await control.write("a.b", "\udcff")
        await control.read("a.\udcff", "\udcfe")

    sent = converse(tmp_path, b"200 ok\r\n200 ok\r\nDATA 0\r\n", talk)
    assert sent == b"WRITEDATA a.b 1\r\n\xffREAD a.\xff \xfe\r\n"


def test_refusal_carries_code_and_every_line(tmp_path: Path) -> None:
    async def talk(control: ControlSocket) -> None:
        with pytest.raises(HandlerError) as caught:
            await control.read("x.count")
        assert (caught.value.code, caught.value.message) == (510, "No element named 'x'")
        with pytest.raises(HandlerError) as caught:
            await control.write("hotconfig", "x")
        assert caught.value.message == "config:1: bad\nRouter could not be initialized!"

    converse(
        tmp_path,
        b"510 No element named 'x'\r\n520-config:1: bad\r\n520 Router could not be initialized!\r\n",
        talk,
    )


def test_checks_are_yes_or_no(tmp_path: Path) -> None:
    answers = []

    async def talk(control: ControlSocket) -> None:
        answers.append(await control.can_read("c.count"))
        answers.append(await control.can_write("c.count"))

    sent = converse(
        tmp_path,
        b"200 Read handler 'c.count' OK\r\n511 Handler 'c.count' not writable\r\n",
        talk,
    )
    assert answers == [True, False]
    assert sent == b"CHECKREAD c.count\r\nCHECKWRITE c.count\r\n"


def test_a_handler_name_cannot_smuggle_a_second_command(tmp_path: Path) -> None:
    async def talk(control: ControlSocket) -> None:
        with pytest.raises(HandlerError):
            await control.read("a.b\r\nWRITE stop")

    assert converse(tmp_path, b"", talk) == b""


@pytest.mark.parametrize(
    "answers",
    [
        b"",
        b"2",
        b"hello\r\n",
        b"200-only the first line\r\n",
        b"200 ok\r\nDATA x\r\n",
        b"200 ok\r\nDATA 10\r\nabc",
        b"200 ok\r\nDATA 99999999999999\r\n",
    ],
)
def test_broken_answers_are_told_not_trusted(tmp_path: Path, answers: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER + answers)
        await writer.drain()
        writer.close()

    async def run() -> None:
        async with (
            await asyncio.start_unix_server(serve, tmp_path / "s"),
            await ControlSocket.connect_unix(str(tmp_path / "s")) as control,
        ):
            with pytest.raises(NotRunningError, match="the engine hung up"):
                await control.read("a.b")

    asyncio.run(run())


def test_something_else_on_the_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match=r"no ControlSocket at .*: it says b'SSH-2\.0"):
        converse(tmp_path, b"", lambda control: control.read("x"), banner=b"SSH-2.0-x\r\n")


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match=r"no engine answers at .*: No such file"):
        asyncio.run(ControlSocket.connect_unix(str(tmp_path / "none")))


def test_tcp_speaks_the_same() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(BANNER)
        assert await reader.readline() == b"READ version\r\n"
        writer.write(b"200 Read handler 'version' OK\r\nDATA 5\r\n2.1.0")
        writer.close()

    async def run() -> bytes:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with await ControlSocket.connect_tcp("127.0.0.1", port) as control:
                return await control.read("version")

    assert asyncio.run(run()) == b"2.1.0"
