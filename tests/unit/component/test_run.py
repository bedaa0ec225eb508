"""Component processes against a peer that speaks the engine's side, byte by byte."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.component_peer import (
    BYE,
    CALL,
    HANDLER,
    REASON,
    REFUSED,
    WELCOME,
    Memories,
    Peer,
    message,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., subprocess.Popen[str]]

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / "sdk" / "python"
FIRST, BATCH = PYTHON / "examples" / "first.py", PYTHON / "examples" / "batch.py"
CONFORMANCE = PYTHON / "conformance" / "conformance.py"
TELNET = bytes(23) + b"\x06" + bytes(12) + b"\x00\x17" + bytes(22)
WEB = bytes(23) + b"\x06" + bytes(12) + b"\x00\x50" + bytes(22)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "socket")
    yield made
    made.close()


@pytest.fixture
def memories() -> Iterator[Memories]:
    made = Memories()
    yield made
    made.close()


@pytest.fixture
def start(peer: Peer) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(file: Path, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, file],
            env={
                **{"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
                **{"WEFT_COMPONENT": str(peer.path), "WEFT_COMPONENT_NAME": "analyzer"},
                **environment,
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


def wait(memories: Memories) -> None:
    """Until the component has returned something and woken its engine."""
    memories.word(256, 1)
    if memories.word(128) == memories.taken:
        ready, _, _ = select.select([memories.woken], [], [], 20)
        assert ready
    try:
        os.eventfd_read(memories.woken)
    except BlockingIOError:
        memories.word(256, 0)


@pytest.mark.parametrize("example", [FIRST, BATCH], ids=lambda path: path.stem)
def test_the_first_components_attach_drop_count_and_leave(
    peer: Peer, memories: Memories, start: Start, example: Path
) -> None:
    process = start(example)
    assert peer.accept() == (
        b"weftcmp1\x01\0\x02\0\x02\0\0\0\x10\0\x40\0\x20\0\x02\0analyzer\0weft-python 0.1.0\0"
    )
    assert peer.welcome(memories) == [
        (HANDLER, 0, b"\x03\x01\0\0dropped\0packets\0telnet packets dropped\0"),
        (REASON, 1, b"telnet"),
    ]
    memories.send(WEB, TELNET, b"short")
    wait(memories)
    assert [(p.data, p.flags, p.port) for p in memories.returned()] == [
        (WEB, 0, 0),
        (TELNET, 4, 1),
        (b"short", 0, 0),
    ]
    assert peer.call("dropped") == (0, b"1")
    assert peer.call("nothing") == (1, b"no handler 'nothing'")
    memories.send(WEB)  # in the ring when the goodbye comes
    peer.say(message(BYE))
    assert peer.receive() == (BYE, 0, 0, b"")
    assert [p.data for p in memories.returned()] == [WEB]
    assert ended(process) == (0, "")


def test_a_component_started_outside_says_so(tmp_path: Path) -> None:
    for given, missing in (
        ({}, "WEFT_COMPONENT"),
        ({"WEFT_COMPONENT": "/nowhere"}, "WEFT_COMPONENT_NAME"),
    ):
        done = subprocess.run(
            [sys.executable, FIRST],
            env={"PYTHONPATH": str(ROOT / "src"), **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr == f"weft: not started as a component: {missing} is not set\n"


def test_no_engine_at_the_socket(start: Start, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    assert ended(start(FIRST, WEFT_COMPONENT=str(nowhere))) == (
        1,
        f"weft: component 'analyzer': no engine at {nowhere}: No such file or directory\n",
    )


def test_a_refusal_is_told(peer: Peer, start: Start) -> None:
    process = start(FIRST)
    peer.accept()
    peer.say(message(REFUSED, "größer als erlaubt".encode()))
    assert ended(process) == (
        1,
        "weft: the engine refused component 'analyzer': größer als erlaubt\n",
    )


def test_what_breaks_the_contract_ends_the_component(
    peer: Peer, memories: Memories, start: Start
) -> None:
    welcome, link = memories.welcome(), memories.link_fd
    files = [link, memories.frames_fd, memories.wake, memories.woken]
    for data, descriptors, why in (
        (message(CALL, b"x\0"), [], "a message of type 7 before the WELCOME"),
        (message(WELCOME, welcome[:-1]), files, "a WELCOME has 96 bytes, this one 95"),
        (message(WELCOME, welcome), files[:3], "a WELCOME with 3 descriptors, not 4"),
        (
            b"\xff\xff\xff\xff" + bytes(12),
            [],
            "a message of 4294967295 bytes; at most 1048576 are allowed",
        ),
    ):
        process = start(FIRST)
        peer.accept()
        peer.say(data, descriptors)
        assert ended(process) == (1, f"weft: component 'analyzer': {why}\n")
    memories.link[:8] = b"weftcmp2"
    process = start(FIRST)
    peer.accept()
    peer.say(message(WELCOME, welcome), files)
    assert ended(process) == (
        1,
        "weft: component 'analyzer': the link memory does not begin with weftcmp1\n",
    )


@pytest.mark.parametrize("seed", range(6))
def test_random_messages_end_the_component_in_words_or_do_nothing(
    peer: Peer, memories: Memories, start: Start, seed: int
) -> None:
    chance = random.Random(seed)
    process = start(FIRST)
    peer.accept()
    peer.welcome(memories)
    said = b"".join(
        message(chance.choice([1, 2, 3, 4, 5, 6, 8, 10, 65535]), chance.randbytes(n), n, n)
        for n in range(200)
    )
    peer.say(said)  # none of these asks for anything
    assert peer.call("dropped") == (0, b"0")
    nameless = message(CALL, b"x" * chance.randrange(100))
    peer.say(nameless)
    assert ended(process) == (
        1,
        "weft: component 'analyzer': a CALL without the zero byte that ends the handler's name\n",
    )


def test_a_lost_engine_is_attached_to_again_and_counters_stay(
    peer: Peer, memories: Memories, start: Start
) -> None:
    process = start(FIRST)
    peer.accept()
    peer.welcome(memories)
    memories.send(TELNET)
    wait(memories)
    peer.drop()
    peer.accept()
    peer.drop()  # killed once more, before its welcome
    assert peer.accept().endswith(b"analyzer\0weft-python 0.1.0\0")
    again = Memories()
    assert len(peer.welcome(again)) == 2
    again.send(TELNET)
    wait(again)
    assert peer.call("dropped") == (0, b"2")
    peer.say(message(BYE))
    assert peer.receive()[0] == BYE
    assert ended(process) == (0, "")
    again.close()


def test_sigterm_returns_what_is_held_and_says_goodbye(
    peer: Peer, memories: Memories, start: Start
) -> None:
    process = start(FIRST)
    peer.accept()
    peer.welcome(memories)
    assert peer.call("dropped") == (0, b"0")
    process.send_signal(signal.SIGTERM)
    assert peer.receive() == (BYE, 0, 0, b"")
    assert ended(process) == (0, "")


def test_sigterm_while_waiting_for_a_welcome(peer: Peer, start: Start) -> None:
    process = start(FIRST)
    peer.accept()
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (0, "")


def test_an_error_of_the_author_is_a_traceback_and_status_1(
    peer: Peer, memories: Memories, start: Start
) -> None:
    process = start(CONFORMANCE)
    peer.accept()
    peer.welcome(memories)
    memories.send(bytes(14) + b"\x12\0")
    assert peer.receive()[0] == 0
    status, errors = ended(process)
    assert status == 1
    assert errors.startswith("Traceback (most recent call last):\n")
    assert errors.endswith("\nRuntimeError: failed as asked\n")


KEEPER = """
from weft.component import Component

component = Component(reasons=["late"])
kept = []
ticks = 0

@component.batch
def keep(batch):
    kept.extend(batch.keep(batch.column(0) == 1))

@component.every(0.005)
def tick():
    global ticks
    ticks += 1
    if kept:
        kept[0].port = 1
        component.send(kept.pop(0))

@component.handler(type=int)
def seen():
    return ticks

@component.goodbye
def leave():
    component.send(component.new_packet(b"farewell"))

component.run()
assert component.new_packet(b"") is None and component.outputs == 0
"""


def test_timers_run_beside_packets_and_the_last_word_is_sent(
    peer: Peer, memories: Memories, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "keeper.py").write_text(KEEPER)
    process = start(tmp_path / "keeper.py")
    peer.accept()
    peer.welcome(memories)
    memories.spare(9)
    memories.send(b"\0now", b"\1later")
    wait(memories)
    returned = memories.returned()
    while len(returned) < 2:
        wait(memories)
        returned += memories.returned()
    assert [(p.data, p.port) for p in returned] == [(b"\0now", 0), (b"\1later", 1)]
    status, ticks = peer.call("seen")
    assert (status, int(ticks) > 0) == (0, True)
    peer.say(message(BYE))
    assert peer.receive() == (BYE, 0, 0, b"")
    assert [(p.packet, p.data) for p in memories.returned()] == [(9, b"farewell")]
    assert ended(process) == (0, "")


def test_a_call_that_fails_is_only_that_call(peer: Peer, memories: Memories, start: Start) -> None:
    process = start(CONFORMANCE)
    peer.accept()
    peer.welcome(memories)
    assert peer.call("fail") == (1, b"failed as asked")
    assert peer.call("fail", b"x", write=True) == (1, b"failed as asked")
    assert peer.call("unsigned", b"-1", write=True) == (1, b"'-1' is not of type unsigned")
    assert peer.call("slow", b"soon") == (
        1,
        b"ValueError: invalid literal for int() with base 10: 'soon'",
    )
    assert peer.call("echo", b"still here") == (0, b"still here")
    peer.say(message(BYE))
    status, errors = ended(process)
    assert status == 0
    assert errors.endswith("\nValueError: invalid literal for int() with base 10: 'soon'\n")


@pytest.mark.parametrize("mode", ["packet", "batch"])
def test_the_conformance_child_forwards_and_flips(
    peer: Peer, memories: Memories, start: Start, mode: str
) -> None:
    start(CONFORMANCE, WEFT_CONFORMANCE=mode)
    peer.accept()
    peer.welcome(memories)
    same, flipped = bytes(14) + b"\0\0" + b"abc", bytes(14) + b"\x01\0" + b"abc"
    memories.send(same, flipped, b"tiny")
    wait(memories)
    assert [p.data for p in memories.returned()] == [
        same,
        flipped[:16] + bytes(c ^ 0x5A for c in b"abc"),
        b"tiny",
    ]
    assert peer.call("packets") == (0, b"3")
    assert peer.call("bytes") == (0, b"42")
    assert peer.call("reset", write=True) == (0, b"")
    assert peer.call("packets") == (0, b"0")


def test_the_conformance_child_does_what_packets_say(
    peer: Peer, memories: Memories, start: Start
) -> None:
    start(CONFORMANCE)
    peer.accept()
    peer.welcome(memories)
    for packet in (40, 41, 42):
        memories.spare(packet)

    def asks(operation: int, n: int) -> bytes:
        return bytes(14) + bytes([operation, n]) + bytes(44)

    memories.send(
        *(asks(2, 3), asks(3, 2), asks(4, 4), asks(5, 60), asks(5, 61), asks(6, 1), asks(7, 1)),
        *(asks(7, 0), asks(13, 0), asks(8, 2), asks(9, 2), asks(10, 4), asks(14, 0), asks(0, 0)),
    )
    wait(memories)
    returned = memories.returned()
    emitted = bytes(12) + b"\x88\xb5\xee\x00" + b"\x77" * 44
    assert [(p.data, p.flags & 4, p.port) for p in returned] == [
        (b"\xa5" * 3 + asks(2, 3), 0, 0),
        (asks(3, 2) + b"\xb6" * 2, 0, 0),
        (asks(4, 4)[4:], 0, 0),
        (b"", 0, 0),
        (asks(5, 61), 4, 1),
        (asks(6, 1), 0, 1),
        (asks(7, 1), 4, 2),
        (asks(7, 0), 4, 0),
        (emitted, 0, 0),
        (emitted[:15] + b"\x01" + emitted[16:], 0, 0),
        (asks(8, 2), 0, 0),
        (asks(9, 0x80), 0, 0),
        (asks(9, 2), 0, 0),
        (asks(10, 4), 0, 0),
        (asks(13, 0), 0, 0),
        (asks(14, 0), 0, 0),
        (asks(0, 0), 0, 0),
    ]
    assert memories.record(11)[:4] == bytes([0x04, 0x03, 0x02, 0x01])
    assert peer.call("missed") == (0, b"1")


def test_the_first_component_is_as_short_as_promised() -> None:
    assert len(FIRST.read_text().splitlines()) < 20


@pytest.mark.parametrize("example", [FIRST, BATCH], ids=lambda path: path.stem)
def test_the_examples_stand_in_the_guide(example: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "components-python.md").read_text()
    assert f"```python\n{example.read_text()}```" in guide
