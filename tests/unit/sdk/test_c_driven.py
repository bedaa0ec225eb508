"""A component in C with an event loop of its own: the library's parts, one by one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.c_children import child, packet
from tests.unit.sdk.peer import ANSWER, BYE, CALL, Connection, Message, Peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def peer(built: Path, tmp_path: Path) -> Iterator[Peer]:
    with child(tmp_path, built / "driven") as started:
        yield started
        started.connections[-1].say(Message(BYE))
        assert started.end() == (0, "")


@pytest.fixture
def connection(peer: Peer) -> Connection:
    accepted = peer.accept()
    accepted.attach()
    return accepted


def test_batches_are_no_larger_than_asked_for(connection: Connection) -> None:
    items = [connection.pack(i, packet(0), port=i) for i in range(11)]
    connection.send(*items)
    assert connection.take(11) == items


@pytest.mark.parametrize(("parameter", "status"), [(b"", 0), (b"fail", 1)])
def test_call_is_answered_later(connection: Connection, parameter: bytes, status: int) -> None:
    connection.say(Message(CALL, 0, 99, b"later\0" + parameter))
    assert connection.call("rounds").type == ANSWER
    connection.send(connection.pack(0, packet(0)))
    assert connection.hear() == Message(ANSWER, status, 99, b"now")


def test_call_of_an_engine_that_is_gone_is_not_answered(peer: Peer, connection: Connection) -> None:
    connection.say(Message(CALL, 0, 99, b"later\0"))
    assert connection.call("rounds").type == ANSWER
    connection.close()
    again = peer.accept()
    again.attach()
    again.send(again.pack(0, packet(0)))
    again.take(1)
    again.say(Message(CALL, 0, 1, b"rounds\0"))
    answer = again.hear()
    assert answer is not None
    assert (answer.type, answer.id) == (ANSWER, 1)


def test_idle_component_sleeps(connection: Connection) -> None:
    for _ in range(100):
        connection.send(connection.pack(0, packet(0)))
        connection.take(1)
    first = int(connection.call("rounds").payload)
    connection.wait_asleep()
    subprocess.run([sys.executable, "-c", ""], check=True)
    assert connection.link[192:196] == b"\1\0\0\0"
    assert int(connection.call("rounds").payload) - first <= 4
