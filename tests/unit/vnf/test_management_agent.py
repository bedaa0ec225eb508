"""The management agent against a process 1 that answers as told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from weft.errors import FunctionError, NotRunningError
from weft.model.function import FunctionStatus
from weft.model.state import FunctionState
from weft.vnf.management_agent import ManagementAgent

if TYPE_CHECKING:
    from pathlib import Path

STATUS = {
    "ok": True,
    "state": "active",
    "pid": 7,
    "engine_pid": 9,
    "restarts": 1,
    "uptime_s": 2.5,
    "memory_bytes": 4096,
    "cpu_s": 0.1,
    "limits": "cgroup v1: memory",
    "errors": ["one"],
}


def order(folder: Path, operation: str, answer: bytes) -> tuple[object, bytes]:
    """What an order gives, and what process 1 was sent."""
    sent = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        sent = await reader.readline()
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def run() -> object:
        async with await asyncio.start_unix_server(serve, folder / "init.sock"):
            return await getattr(ManagementAgent("wire", folder), operation)()

    return asyncio.run(run()), sent


def test_status_is_read_whole(tmp_path: Path) -> None:
    status, sent = order(tmp_path, "status", json.dumps(STATUS).encode() + b"\n")
    assert sent == b'{"op": "status"}\n'
    assert status == FunctionStatus(
        state=FunctionState.ACTIVE,
        pid=7,
        engine_pid=9,
        restarts=1,
        uptime_s=2.5,
        memory_bytes=4096,
        cpu_s=0.1,
        limits="cgroup v1: memory",
        errors=("one",),
    )


@pytest.mark.parametrize(
    ("operation", "order_sent"), [("start", "start"), ("stop", "stop"), ("off", "shutdown")]
)
def test_orders(tmp_path: Path, operation: str, order_sent: str) -> None:
    _, sent = order(tmp_path, operation, b'{"ok": true}\n')
    assert json.loads(sent) == {"op": order_sent}


def test_an_unknown_state_is_a_failed_one(tmp_path: Path) -> None:
    status, _ = order(tmp_path, "status", b'{"ok": true, "state": "odd"}\n')
    assert status == FunctionStatus(FunctionState.FAILED)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b'{"ok": false, "error": "no"}\n', "'wire' refused 'stop': no"),
        (b"[]\n", "'wire' refused 'stop': []"),
        (b"", "'wire' broke off 'stop': Expecting value"),
        (b"\xff\n", "'wire' broke off 'stop': 'utf-8' codec"),
    ],
)
def test_answers_that_are_no_yes(tmp_path: Path, answer: bytes, message: str) -> None:
    with pytest.raises(FunctionError) as caught:
        order(tmp_path, "stop", answer)
    assert caught.value.message.startswith(message)


def test_nobody_listens(tmp_path: Path) -> None:
    agent = ManagementAgent("wire", tmp_path)
    with pytest.raises(NotRunningError, match="'wire' does not run: nobody listens"):
        asyncio.run(agent.status())
    (tmp_path / "init.sock").touch()
    with pytest.raises(NotRunningError):
        asyncio.run(agent.status())
