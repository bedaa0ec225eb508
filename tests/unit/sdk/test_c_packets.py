"""What a component in C does with packets, and its handlers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.c_children import child, packet
from tests.unit.sdk.peer import (
    ANSWER,
    BYE,
    CALL,
    DROP,
    METADATA,
    RECORDS,
    SMALL_COUNT,
    SPARE,
    Connection,
    Descriptor,
    Message,
)

if TYPE_CHECKING:
    from pathlib import Path

# ---- packets ----


def test_it_sleeps_between_packets_and_is_woken(attached: Connection) -> None:
    for i in range(5):
        attached.wait_asleep()
        attached.send(attached.pack(i, packet(0)))
        assert [item.packet for item in attached.take(1)] == [i]


def test_packets_wrap_around_the_ring_in_order(attached: Connection) -> None:
    for count in (1, 63, 64, 37, 2, 64, 50):
        items = [attached.pack(i, packet(1, i)) for i in range(count)]
        attached.send(*items)
        assert attached.take(count) == items
        for i, item in enumerate(items):
            expected = packet(1, i)[:16] + bytes(byte ^ 0x5A for byte in packet(1, i)[16:])
            assert bytes(attached.frame(item)) == expected


def test_port_of_arrival_is_not_kept_and_the_output_is_set(attached: Connection) -> None:
    attached.send(attached.pack(0, packet(0), port=9), attached.pack(1, packet(6, 255)))
    assert [item.port for item in attached.take(2)] == [0, 255]


@pytest.mark.parametrize(
    ("operation", "n", "offset", "length", "flags"),
    [
        (2, 128, 16, 188, 0),
        (2, 129, 144, 60, DROP),
        (3, 200, 144, 260, 0),
        (4, 60, 204, 0, 0),
        (4, 61, 144, 60, DROP),
        (5, 60, 144, 0, 0),
        (5, 61, 144, 60, DROP),
        (7, 0, 144, 60, DROP),
    ],
)
def test_packet_grows_and_shrinks_inside_its_slot(
    attached: Connection, operation: int, n: int, offset: int, length: int, flags: int
) -> None:
    attached.send(attached.pack(7, packet(operation, n)))
    [item] = attached.take(1)
    assert (item.packet, item.slot, item.offset, item.length, item.flags) == (
        7,
        7,
        offset,
        length,
        flags,
    )


def test_end_of_a_slot_is_the_end_of_the_room(attached: Connection) -> None:
    fits, over = Descriptor(0, 0, 1968 - 4), Descriptor(1, 1, 1968 - 3)
    for item in (fits, over):
        attached.frame(item)[:16] = packet(3, 4)[:16]
    attached.send(fits, over)
    assert [(item.length, item.flags, item.port) for item in attached.take(2)] == [
        (1968, 0, 0),
        (1965, DROP, 1),
    ]


def test_largest_packet_is_not_grown(attached: Connection) -> None:
    slot = SMALL_COUNT + 1
    items = [Descriptor(0, slot, 65553), Descriptor(1, slot + 1, 65552)]
    for item in items:
        attached.frame(item)[:16] = packet(3, 1)[:16]
    attached.send(*items)
    assert [(item.length, item.flags) for item in attached.take(2)] == [(65553, DROP), (65553, 0)]


def test_new_packets_leave_before_the_one_that_caused_them(attached: Connection) -> None:
    attached.send(*[Descriptor(20 + i, 20 + i, 0, flags=SPARE) for i in range(3)])
    attached.send(
        *[
            attached.pack(i, packet(op, n))
            for i, (op, n) in enumerate([(0, 0), (8, 2), (0, 0), (9, 2)])
        ]
    )
    back = attached.take(7)
    assert [item.packet for item in back] == [0, 22, 21, 1, 2, 20, 3]
    assert [item.flags for item in back] == [0] * 7
    expected = bytes(12) + b"\x88\xb5\xee\x01" + b"\x77" * 44
    assert bytes(attached.frame(back[2])) == expected
    clone = bytearray(packet(9, 2))
    clone[15] = 0x80
    assert bytes(attached.frame(back[5])) == clone
    assert attached.call("missed").payload == b"1"


def test_clone_of_a_packet_takes_its_metadata(attached: Connection) -> None:
    attached.send(Descriptor(30, 30, 0, flags=SPARE))
    record = bytes(range(1, 65))
    attached.link[RECORDS + 64 * 2 : RECORDS + 64 * 3] = record
    attached.send(attached.pack(2, packet(9, 1), flags=METADATA))
    assert [(item.packet, item.flags) for item in attached.take(2)] == [
        (30, METADATA),
        (2, METADATA),
    ]
    assert attached.link[RECORDS + 64 * 30 : RECORDS + 64 * 31] == record


def test_metadata_without_a_record_is_zero_and_a_mark_fills_all_of_it(attached: Connection) -> None:
    attached.link[RECORDS : RECORDS + 128] = b"\xee" * 128
    attached.send(attached.pack(0, packet(10, 5)), attached.pack(1, packet(11)))
    marked, read = attached.take(2)
    assert (marked.flags, read.flags) == (METADATA, 0)
    assert attached.link[RECORDS : RECORDS + 64] == b"\5\3\2\1" + bytes(60)
    assert bytes(attached.frame(read))[16:50] == bytes(34)


def test_kept_packets_leave_at_the_goodbye(built: Path, tmp_path: Path) -> None:
    with child(tmp_path, built / "conformance") as peer:
        connection = peer.accept()
        connection.attach()
        connection.send(*(connection.pack(i, packet(op)) for i, op in [(1, 13), (2, 13), (3, 0)]))
        assert [item.packet for item in connection.take(1)] == [3]
        connection.say(Message(BYE))
        assert connection.hear() == Message(BYE)
        assert [(item.packet, item.flags) for item in connection.take(2)] == [(1, 0), (2, 0)]
        assert peer.end() == (0, "")


# ---- handlers ----


def test_handlers_read_and_write_every_type(attached: Connection) -> None:
    initial = {
        "text": b"hello",
        "lines": b"a\nb\n",
        "unsigned": b"7",
        "integer": b"-7",
        "real": b"0.5",
        "flag": b"true",
        "json": b'{"a": [1, 2]}',
        "blob": b"\0\1\xff",
    }
    written = {
        "text": "größer".encode(),
        "lines": b"",
        "unsigned": b"18446744073709551615",
        "integer": b"-9223372036854775808",
        "real": b"0.1",
        "flag": b"no",
        "json": b"[]",
        "blob": bytes(range(256)) * 4000,
    }
    for name, value in initial.items():
        assert attached.call(name) == Message(ANSWER, 0, 77, value)
        assert attached.call(name, written[name]) == Message(ANSWER, 0, 77)
    for name, value in (written | {"flag": b"false"}).items():
        assert attached.call(name).payload == value


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("unsigned", b"-1", "'-1' is not of type unsigned"),
        ("integer", b"x", "'x' is not of type integer"),
        ("real", b"inf", "'inf' is not of type real"),
        ("flag", b"2", "'2' is not of type bool"),
        ("json", b"{", "'{' is not of type JSON"),
        ("unsigned", b"\xff\0", "'??' is not of type unsigned"),
        ("unsigned", b"9" * 1000, f"'{'9' * 200}...' is not of type unsigned"),
        ("fail", b"", "failed as asked"),
        ("packets", b"1", "handler 'packets' cannot be written"),
        ("nothing", b"", "no handler 'nothing'"),
    ],
)
def test_write_fails_in_words(attached: Connection, name: str, value: bytes, error: str) -> None:
    assert attached.call(name, value) == Message(ANSWER, 1, 77, error.encode())


def test_read_fails_in_words(attached: Connection) -> None:
    assert attached.call("fail") == Message(ANSWER, 1, 77, b"failed as asked")
    assert attached.call("reset") == Message(ANSWER, 1, 77, b"handler 'reset' cannot be read")


def test_read_takes_a_parameter(attached: Connection) -> None:
    assert attached.call("echo", parameter=b"a b\n") == Message(ANSWER, 0, 77, b"a b\n")
    assert attached.call("text", parameter=b"unused") == Message(ANSWER, 0, 77, b"hello")


def test_button_resets_the_counts(attached: Connection) -> None:
    attached.send(attached.pack(0, packet(0)))
    attached.take(1)
    assert attached.call("bytes").payload == b"60"
    assert attached.call("reset", b"whatever") == Message(ANSWER, 0, 77)
    assert attached.call("bytes").payload == b"0"


def test_call_without_a_name_is_an_error(attached: Connection) -> None:
    attached.say(Message(CALL, 0, 5, b"packets"))
    assert attached.hear() == Message(ANSWER, 1, 5, b"a call has to name a handler")


def test_calls_sent_together_are_answered_in_order(attached: Connection) -> None:
    calls = [Message(CALL, 0, number, b"echo\0" + str(number).encode()) for number in range(200)]
    data = b"".join(call.pack() for call in calls)
    for start in range(0, len(data), 17):
        attached.socket.sendall(data[start : start + 17])
    assert [attached.hear() for _ in calls] == [
        Message(ANSWER, 0, number, str(number).encode()) for number in range(200)
    ]
