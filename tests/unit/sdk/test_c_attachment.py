"""The C SDK attaching, leaving, and an engine that breaks the contract."""

from __future__ import annotations

import random
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.c_children import LIMIT_S, SANITIZERS, child, packet
from tests.unit.sdk.peer import (
    ANSWER,
    BYE,
    CALL,
    DROP,
    ENTRIES,
    HANDLER,
    READY,
    REASON,
    RECORDS,
    REFUSED,
    SMALL_COUNT,
    SPARE,
    WELCOME,
    Connection,
    Descriptor,
    Message,
    welcome,
)

if TYPE_CHECKING:
    from pathlib import Path

# ---- starting ----


def test_without_an_environment_it_says_so(built: Path) -> None:
    for environment, missing in [
        ({}, "WEFT_COMPONENT"),
        ({"WEFT_COMPONENT": "/x"}, "WEFT_COMPONENT_NAME"),
    ]:
        done = subprocess.run(
            [built / "first"],
            env=SANITIZERS | environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.stderr == f"weft: not started as a component: {missing} is not set\n"
        assert done.returncode == 2


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/no/such.sock", "cannot connect to /no/such.sock: No such file or directory"),
        ("/" + "x" * 200, "the path of the socket is too long: /" + "x" * 200),
    ],
)
def test_without_an_engine_it_says_so(built: Path, path: str, why: str) -> None:
    environment = SANITIZERS | {"WEFT_COMPONENT": path, "WEFT_COMPONENT_NAME": "x"}
    done = subprocess.run(
        [built / "first"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, f"weft: {why}\n")


GREET = b"\0\0greets whom it is called with\0..20 bytes\0"


def test_hello_and_declarations_are_those_of_the_contract(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "conformance") as peer:
        connection = peer.accept()
        hello = connection.hear()
        assert hello is not None
        assert (
            hello.payload
            == bytes.fromhex("77656674636d703101000200020000001000400020000200")
            + b"filter\0weft-c 1.0.0\0"
        )
        connection.welcome()
        heard = [connection.hear() for _ in range(23)]
        kinds = [message.type for message in heard if message]
        assert kinds == [HANDLER] * 20 + [REASON] * 2 + [READY]
        assert heard[0] == Message(HANDLER, payload=b"\2\1\0\0packets\0packets\0packets seen\0")
        assert heard[12] == Message(HANDLER, payload=b"\2\3\0\0port\0\0a port\x000..65535\0")
        assert heard[15] == Message(HANDLER, payload=b"\0\x0d\0\0greet" + GREET)
        assert heard[16] == Message(HANDLER, payload=b"\6\2\0\0reset\0\0sets the counts to 0\0")
        assert heard[17] == Message(HANDLER, payload=b"\0\5\0\0echo\0\0the parameter\0")
        assert heard[20:22] == [Message(REASON, 0, 1, b"no-room"), Message(REASON, 0, 2, b"asked")]


def test_refusal_is_told(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        peer.accept().say(Message(REFUSED, payload="no element größer".encode()))
        assert peer.end() == (1, "weft: refused: no element größer\n")


WRONG = {
    "major": ({"major": 2}, "major version"),
    "entries no power": ({"entries": 96}, "ring entries"),
    "entries few": ({"entries": 32}, "ring entries"),
    "entries many": ({"entries": 65536}, "ring entries"),
    "no packets": ({"packets": 0}, "packet indices"),
    "many packets": ({"packets": ENTRIES + 1}, "packet indices"),
    "ring on the head": ({"ring_to": 304}, "ring offset"),
    "ring past the end": ({"ring_from": RECORDS + 64 * ENTRIES - 16}, "ring offset"),
    "ring beyond": ({"ring_to": 0xFFFFFFF0}, "ring offset"),
    "ring aslant": ({"ring_to": 4100}, "ring offset"),
    "metadata past the end": ({"metadata": RECORDS + 16}, "metadata offset"),
    "reserved": ({"reserved": 65536}, "slot size"),
    "small stride": ({"small_stride": 8}, "slot size"),
    "small slots": ({"small_count": SMALL_COUNT + 1}, "frames size"),
    "large slots": ({"large_count": 5}, "frames size"),
    "large base": ({"large_base": 2**64 - 1}, "frames size"),
    "slots": ({"small_count": 2**32 - 1}, "number of slots"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_welcome_is_told(built: Path, tmp_path: Path, what: str) -> None:
    changes, wrong = WRONG[what]
    with child(tmp_path, built / "first") as peer:
        peer.accept().welcome(welcome(**changes))
        assert peer.end() == (1, f"weft: the engine's welcome has a wrong {wrong}\n")


@pytest.mark.parametrize(
    ("changes", "memory"), [({"link_bytes": 2**40}, "link"), ({"frames_bytes": 2**40}, "frames")]
)
def test_shorter_memory_than_told_is_told(
    built: Path, tmp_path: Path, changes: dict[str, int], memory: str
) -> None:
    with child(tmp_path, built / "first") as peer:
        peer.accept().welcome(welcome(**changes))
        assert peer.end() == (1, f"weft: the engine's {memory} memory is shorter than it said\n")


def test_memory_of_something_else_is_told(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        peer.accept().welcome(magic=b"weftcmp2")
        assert peer.end() == (1, "weft: the engine's link memory does not begin with weftcmp1\n")


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (welcome(), "the engine's welcome is not 96 bytes and four descriptors"),
        (
            Message(WELCOME, payload=bytes(95)),
            "the engine's welcome is not 96 bytes and four descriptors",
        ),
        (
            Message(CALL),
            "the engine's first message is neither a welcome nor a refusal, but type 7",
        ),
    ],
)
def test_other_first_message_is_told(
    built: Path, tmp_path: Path, message: Message, why: str
) -> None:
    with child(tmp_path, built / "first") as peer:
        peer.accept().say(message)
        assert peer.end() == (1, f"weft: {why}\n")


def test_endless_message_is_told(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        connection.socket.sendall(b"\xff" * 16)
        assert peer.end() == (1, "weft: the engine's answer is longer than the contract allows\n")


# ---- ending ----


def test_goodbye_returns_what_lies_in_the_ring(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        connection.attach()
        spares = [Descriptor(40 + i, 40 + i, 0, flags=SPARE) for i in range(3)]
        packets = [connection.pack(i, packet(0)) for i in range(20)]
        connection.wait_asleep()
        connection.send(*spares, *packets, wake=False)
        connection.say(Message(BYE))
        assert connection.hear() == Message(BYE)
        assert connection.hear() is None
        back = connection.take(23)
        assert back[:20] == packets
        assert {(item.packet, item.flags) for item in back[20:]} == {
            (40, DROP),
            (41, DROP),
            (42, DROP),
        }
        assert peer.end() == (0, "")


def test_goodbye_before_a_welcome_ends_it(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        peer.accept().say(Message(BYE))
        assert peer.end() == (0, "")


def test_terminate_says_goodbye(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        connection.attach()
        connection.send(connection.pack(5, packet(0)))
        connection.take(1)
        peer.process.send_signal(signal.SIGTERM)
        assert connection.hear() == Message(BYE)
        assert peer.end() == (0, "")


def test_terminate_while_waiting_for_a_welcome_ends_it(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        assert connection.hear()
        peer.process.send_signal(signal.SIGTERM)
        assert peer.end() == (0, "")


def test_it_attaches_again_and_what_it_held_is_void(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "conformance") as peer:
        for _ in range(3):
            connection = peer.accept()
            connection.attach()
            connection.send(connection.pack(3, packet(13)), connection.pack(4, packet(0)))
            assert [item.packet for item in connection.take(1)] == [4]
            connection.close()
        connection = peer.accept()
        connection.attach()
        connection.send(connection.pack(9, packet(14)))
        assert [item.packet for item in connection.take(1)] == [9]
        assert connection.call("packets").payload == b"7"
        connection.say(Message(BYE))
        assert peer.end() == (0, "")


def test_engine_that_dies_before_its_welcome_is_asked_again(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        for _ in range(3):
            connection = peer.accept()
            assert connection.hear()
            connection.close()
        connection = peer.accept()
        connection.attach()
        connection.say(Message(BYE))
        assert peer.end() == (0, "")


# ---- an engine that breaks the contract ----


def test_ring_that_runs_ahead_ends_it(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        connection.attach()
        connection.sent = ENTRIES + 1
        connection.send()
        assert peer.end() == (
            1,
            f"weft: the engine's ring runs ahead by {ENTRIES + 1} descriptors\n",
        )


def test_engine_that_reads_no_answers_is_left_for_the_next(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "conformance") as peer:
        connection = peer.accept()
        connection.attach()
        for number in range(4):
            connection.say(Message(CALL, 0, number, b"echo\0" + bytes(100_000)))
        again = peer.accept()
        again.attach()
        assert again.call("echo", parameter=b"x").payload == b"x"
        again.say(Message(BYE))
        assert peer.end() == (0, "")


def test_too_long_message_ends_it(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "first") as peer:
        connection = peer.accept()
        connection.attach()
        connection.socket.sendall((1048577).to_bytes(4, "little") + bytes(12))
        error = "weft: the engine sent a message of 1048577 bytes; at most 1048576 are allowed\n"
        assert peer.end() == (1, error)


def random_descriptor(source: random.Random) -> Descriptor:
    """Anything but a spare, in a slot that exists, or nearly."""
    slot = source.choice([source.randrange(SMALL_COUNT + 8), source.getrandbits(32)])
    length, offset = source.getrandbits(source.randrange(33)), source.getrandbits(16)
    return Descriptor(
        source.getrandbits(32),
        slot,
        length,
        offset,
        source.getrandbits(8),
        source.getrandbits(8) & ~SPARE,
    )


def test_spares_that_lead_nowhere_go_back(attached: Connection) -> None:
    spares = [Descriptor(20 + i, 2**32 - 1 - i, 0, flags=SPARE) for i in range(3)]
    attached.send(*spares, attached.pack(0, packet(8, 3)))
    assert [(item.packet, item.flags) for item in attached.take(4)] == [
        (20, DROP),
        (21, DROP),
        (22, DROP),
        (0, 0),
    ]
    assert attached.call("missed").payload == b"3"


@pytest.mark.parametrize("seed", range(8))
def test_random_bytes_from_the_engine_crash_nothing(built: Path, tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)
    with child(tmp_path, built / "conformance") as peer:
        connection = peer.accept()
        connection.attach()
        for _ in range(50):
            items = [random_descriptor(source) for _ in range(8)]
            connection.send(*items)
            kind = source.choice([CALL, ANSWER, READY, 10, 65535])
            connection.say(
                Message(kind, source.randrange(3), 1, source.randbytes(source.randrange(64)))
            )
            sent = [(item.packet, item.slot, item.length, item.offset) for item in items]
            back = connection.take(8)
            assert [(item.packet, item.slot, item.length, item.offset) for item in back] == sent
        connection.say(Message(CALL, 0, 2, b"flag\0"))
        while connection.hear() != Message(ANSWER, 0, 2, b"true"):
            pass
        connection.say(Message(BYE))
        status, errors = peer.end()
        assert (status, errors) == (0, "")
