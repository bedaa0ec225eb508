"""Batches and packets on real shared memory, without a socket."""

from __future__ import annotations

import contextlib
import gc
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.component_peer import ENTRIES, LARGE_BASE, RING_IN, SMALL, STRIDE, Memories
from weft.component.errors import ProtocolError
from weft.component.link import Link
from weft.component.packet import Packet
from weft.component.protocol import Metadata, Welcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.component import Batch

FRAME = bytes(range(60))


@pytest.fixture
def memories() -> Iterator[Memories]:
    made = Memories()
    yield made
    made.close()


@pytest.fixture
def link(memories: Memories) -> Iterator[Link]:
    made = attached(memories)
    yield made
    made.close()


def attached(memories: Memories) -> Link:
    welcome = Welcome.decode(memories.welcome())
    return Link(welcome, memories.descriptors(), {"no-room": 1, "asked": 2})


def received(link: Link) -> Batch:
    batch = link.receive()
    assert batch is not None
    return batch


def test_arrays_say_where_the_packets_are_and_come_back_as_they_were(
    memories: Memories, link: Link
) -> None:
    memories.push(FRAME, 5, slot=77, offset=144)
    memories.push(FRAME * 30, 6, slot=SMALL + 1, offset=16)
    memories.show()
    batch = received(link)
    assert batch.slots.tolist() == [77, SMALL + 1]
    assert batch.offsets.tolist() == [144, 16]
    assert batch.lengths.tolist() == [60, 1800]
    assert batch.ports.tolist() == [0, 0]
    assert batch.inputs.tolist() == [0, 0]
    assert batch.flags.tolist() == [0, 0]
    assert batch.pool.shape == (SMALL, STRIDE)
    assert bytes(batch.pool[77, 144:204]) == FRAME
    assert bytes(batch.large[1, 16:76]) == FRAME
    assert not batch.slots.flags.writeable
    link.give_back()
    returned = memories.returned()
    assert [(p.packet, p.slot, p.length, p.offset, p.port, p.flags) for p in returned] == [
        (5, 77, 60, 144, 0, 0),
        (6, SMALL + 1, 1800, 16, 0, 0),
    ]


def test_arrays_and_pool_are_written_in_place(memories: Memories, link: Link) -> None:
    memories.send(FRAME, FRAME, FRAME)
    batch = received(link)
    batch.ports[:] = [1, 0, 1]
    batch.lengths[1] = 20
    batch.offsets[1] += 2
    batch.pool[batch.slots, batch.offsets] = [0xAA, 0xBB, 0xCC]
    link.give_back()
    first, second, third = memories.returned()
    assert (first.port, first.data) == (1, b"\xaa" + FRAME[1:])
    assert (second.port, second.offset, second.data) == (0, 146, b"\xbb" + FRAME[3:22])
    assert (third.port, third.data) == (1, b"\xcc" + FRAME[1:])


def test_columns_are_zero_where_a_packet_is_shorter(memories: Memories, link: Link) -> None:
    memories.push(b"\x01\x02\x03\x04", 0)
    memories.push(b"\x11\x12", 1, slot=SMALL + 3, offset=65500)  # in the very last slot
    memories.push(b"", 2)
    memories.show()
    batch = received(link)
    assert batch.column(1).tolist() == [2, 0x12, 0]
    assert batch.column(2).tolist() == [3, 0, 0]
    assert batch.column(70000).tolist() == [0, 0, 0]
    assert batch.columns(1, 4).tolist() == [[2, 3, 4], [0x12, 0, 0], [0, 0, 0]]
    batch.offsets[0] += 1
    batch.lengths[0] -= 1
    assert batch.column(0).tolist() == [2, 0x11, 0]
    with pytest.raises(ValueError, match=r"^a column is counted from 0, not -1$"):
        batch.column(-1)
    with pytest.raises(ValueError, match=r"^columns from 3 to 2: 0 <= start <= stop is needed$"):
        batch.columns(3, 2)


def test_a_mask_drops_for_a_reason(memories: Memories, link: Link) -> None:
    memories.send(FRAME, b"\xff" + FRAME, FRAME)
    batch = received(link)
    batch.drop(batch.column(0) == 0xFF, reason="asked")
    batch.drop(np.array([2]))
    link.give_back()
    assert [(p.flags, p.port) for p in memories.returned()] == [(0, 0), (4, 2), (4, 0)]


def test_a_reason_that_is_not_declared_is_named(memories: Memories, link: Link) -> None:
    memories.send(FRAME)
    with pytest.raises(ValueError, match="reason") as raised:
        received(link).drop(np.array([True]), reason="late")
    assert str(raised.value) == (
        "reason 'late' is not declared; declared: no-room, asked; "
        "declare it with Component(reasons=['late'])"
    )


def test_the_rings_wrap_and_so_do_their_tails(memories: Memories) -> None:
    memories.begin_at(2**32 - 10)
    link = attached(memories)
    link.rings.taken = link.rings.given = 2**32 - 10
    for round_ in range(5):
        for packet in range(40):
            memories.push(bytes([round_, packet]), packet)
        memories.show()
        batch = received(link)
        assert batch.column(1).tolist() == list(range(40))
        link.give_back()
        assert [p.data for p in memories.returned()] == [bytes([round_, i]) for i in range(40)]
    link.close()


def test_ports_tell_the_input_and_are_zero_until_set() -> None:
    memories = Memories(inputs=3)
    link = attached(memories)
    memories.push(FRAME, 0, port=2)
    memories.push(FRAME, 1, port=1)
    memories.show()
    batch = received(link)
    assert batch.inputs.tolist() == [2, 1]
    assert batch.ports.tolist() == [0, 0]
    assert [(packet.input, packet.port) for packet in batch] == [(2, 0), (1, 0)]
    link.close()
    memories.close()


def test_a_packet_grows_and_shrinks_at_both_ends(memories: Memories, link: Link) -> None:
    memories.send(FRAME)
    packet = received(link)[0]
    assert (packet.headroom, packet.tailroom, len(packet)) == (128, STRIDE - 144 - 60, 60)
    front = packet.push(2)
    assert front is not None
    front[:] = b"ab"
    end = packet.put(3)
    assert end is not None
    end[:] = b"xyz"
    assert packet.push(127) is None
    assert packet.put(STRIDE) is None
    assert packet.pull(1)
    assert not packet.pull(65)
    assert packet.trim(63)
    assert not packet.trim(64)
    link.give_back()
    (returned,) = memories.returned()
    assert (returned.offset, returned.data) == (143, b"b" + FRAME + b"xy")


def test_a_packet_leaves_by_the_output_that_is_set(memories: Memories, link: Link) -> None:
    memories.send(FRAME, FRAME)
    first, second = received(link)
    first.port = 1
    with pytest.raises(ValueError, match=r"^there is no output 2; outputs: 0 to 1$"):
        first.port = 2
    second.drop("asked")
    assert second.dropped
    second.port = 1  # thinks better of it
    link.give_back()
    assert [(p.port, p.flags) for p in memories.returned()] == [(1, 0), (1, 0)]


def test_what_is_sent_in_a_loop_leaves_just_before_the_packet_at_hand(
    memories: Memories, link: Link
) -> None:
    for index, slot in ((40, 40), (41, 41), (42, SMALL + 2)):
        memories.spare(index, slot)
    memories.send(b"A" * 60, b"B" * 60)
    batch = received(link)
    assert len(batch) == 2
    for packet in batch:
        if packet.data[0] == ord("B"):
            copy = packet.clone()
            assert copy is not None
            copy.data[0] = ord("b")
            assert link.send([copy, link.new_packet(b"new", 16), None]) == 2
    link.give_back()
    returned = memories.returned()
    assert [p.data for p in returned] == [b"A" * 60, b"b" + b"B" * 59, b"new", b"B" * 60]
    assert [p.flags for p in returned] == [0, 0, 0, 0]
    assert returned[2].offset == 32


def test_new_packets_take_the_smallest_spare_that_fits_until_there_is_none(
    memories: Memories, link: Link
) -> None:
    memories.spare(1)
    memories.spare(2, SMALL)
    memories.show()
    assert link.receive() is None
    large = link.new_packet(bytes(3000), 128)
    small = link.new_packet(b"x", 128)
    assert large is not None
    assert small is not None
    assert (len(large), large.tailroom) == (3000, 65553 - 3000)
    assert link.new_packet(b"y", 128) is None
    with pytest.raises(ValueError, match=r"^a packet of 65554 bytes behind 0; at most 65553"):
        link.new_packet(bytes(65554), 0)
    link.send([large, small])
    assert [(p.packet, p.slot, p.length) for p in memories.returned()] == [
        (2, SMALL, 3000),
        (1, 1, 1),
    ]
    assert memories.frames[LARGE_BASE + 144 : LARGE_BASE + 147] == bytes(3)


def test_a_new_packet_that_is_forgotten_gives_its_frame_back(
    memories: Memories, link: Link
) -> None:
    memories.spare(1)
    memories.show()
    assert link.receive() is None
    for _ in range(3):
        packet = link.new_packet(b"x", 128)
        assert packet is not None
        del packet
        gc.collect()
    assert memories.returned() == []


def test_a_kept_packet_leaves_when_it_is_sent(memories: Memories, link: Link) -> None:
    memories.send(b"A" * 60, b"B" * 60, b"C" * 60)
    batch = received(link)
    (kept,) = batch.keep(np.array([False, True, False]))
    assert [packet.data[0] for packet in batch] == [ord("A"), ord("C")]
    with pytest.raises(ValueError, match=r"^this packet has been kept already$"):
        batch[1].keep()
    link.give_back()
    assert [p.data[0] for p in memories.returned()] == [ord("A"), ord("C")]
    kept.port = 1
    link.send([kept])
    assert [(p.packet, p.port, p.data) for p in memories.returned()] == [(1, 1, b"B" * 60)]
    with pytest.raises(ValueError, match=r"^this packet has been sent already$"):
        link.send([kept])


def test_a_kept_packet_is_dropped_by_hand_or_when_it_is_forgotten(
    memories: Memories, link: Link
) -> None:
    memories.send(FRAME, FRAME)
    first, second = (packet.keep() for packet in received(link))
    link.give_back()
    assert memories.returned() == []
    first.drop("asked")
    assert [(p.packet, p.flags, p.port) for p in memories.returned()] == [(0, 4, 2)]
    del first, second
    gc.collect()
    link.flush()
    assert [(p.packet, p.flags, p.port) for p in memories.returned()] == [(1, 4, 0)]


def test_a_packet_of_the_batch_cannot_be_sent_on_its_own(memories: Memories, link: Link) -> None:
    memories.send(FRAME)
    with pytest.raises(TypeError, match=r"^a packet of the batch leaves with it; send what"):
        link.send([received(link)[0]])


def test_metadata_are_read_and_changed_in_place(memories: Memories, link: Link) -> None:
    given = bytearray(64)
    Metadata(7, 0x010203, 254, 1, 1_700_000_000_000_000_001, bytes(range(16))).write(given, 0)
    memories.push(FRAME, 0, flags=1, metadata=bytes(given))
    memories.push(FRAME, 1, metadata=b"\xff" * 64)  # left over: not this packet's
    memories.show()
    with_nsh, without = received(link)
    assert (with_nsh.mark, with_nsh.timestamp) == (7, 1_700_000_000_000_000_001)
    nsh = with_nsh.nsh
    assert nsh is not None
    assert (nsh.type, nsh.spi, nsh.si, nsh.context) == (1, 0x010203, 254, bytes(range(16)))
    nsh.si = 253
    nsh.context = b"0123456789abcdef"
    assert (without.mark, without.timestamp, without.nsh) == (0, 0, None)
    without.mark = 0x01020304
    link.give_back()
    changed = bytearray(given)
    changed[8] = 253
    changed[24:40] = b"0123456789abcdef"
    assert memories.record(0) == changed
    assert memories.record(1) == b"\x04\x03\x02\x01" + bytes(60)
    assert [p.flags for p in memories.returned()] == [1, 1]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("si", 256, "a service index is 0 to 255, not 256"),
        ("spi", 1 << 24, "a service path identifier is 0 to 16777215, not 16777216"),
        ("context", b"short", "an NSH context has 16 bytes, not 5"),
    ],
)
def test_an_nsh_takes_no_value_that_does_not_fit(
    memories: Memories, link: Link, name: str, value: object, why: str
) -> None:
    record = bytearray(64)
    Metadata(nsh=1).write(record, 0)
    memories.push(FRAME, 0, flags=1, metadata=bytes(record))
    memories.show()
    nsh = received(link)[0].nsh
    with pytest.raises(ValueError, match=rf"^{why}$"):
        setattr(nsh, name, value)
    assert memories.record(0) == record


def test_marks_of_a_batch(memories: Memories, link: Link) -> None:
    memories.send(FRAME, FRAME)
    batch = received(link)
    assert batch.marks.tolist() == [0, 0]
    batch.marks = np.array([3, 4], np.uint32)
    assert batch.marks.tolist() == [3, 4]
    assert memories.record(1)[:4] == b"\x04\0\0\0"


def test_a_clone_takes_bytes_and_metadata(memories: Memories, link: Link) -> None:
    record = bytearray(64)
    Metadata(9, 1, 2, 1, 5, bytes(16)).write(record, 0)
    memories.spare(8)
    memories.push(FRAME, 0, flags=1, metadata=bytes(record))
    memories.show()
    copy = received(link)[0].clone()
    assert copy is not None
    link.send([copy])
    link.give_back()
    first, second = memories.returned()
    assert (first.packet, first.flags, first.data) == (8, 1, FRAME)
    assert memories.record(8) == record
    assert (second.packet, second.flags) == (0, 1)


def test_the_engine_is_woken_once_where_it_sleeps(memories: Memories, link: Link) -> None:
    memories.send(FRAME)
    received(link)
    memories.word(256, 1)
    link.give_back()
    assert memories.word(256) == 0
    assert os.eventfd_read(memories.woken) == 1
    memories.send(FRAME)
    received(link)
    link.give_back()
    with pytest.raises(BlockingIOError):
        os.eventfd_read(memories.woken)


def test_sleep_is_refused_where_a_packet_came_meanwhile(memories: Memories, link: Link) -> None:
    assert link.rings.may_sleep()
    assert memories.word(192) == 1
    memories.word(192, 0)
    memories.send(FRAME)
    assert not link.rings.may_sleep()
    assert memories.word(192) == 0


def test_what_does_not_lie_in_memory_is_an_error_not_a_crash(
    memories: Memories, link: Link
) -> None:
    memories.push(FRAME, 0)
    memories.show()
    batch = received(link)
    batch.lengths[0] = 70000
    with pytest.raises(ValueError, match=r"^70000 bytes from offset 144 leave a slot of 2112"):
        _ = batch[0].data
    link.give_back()
    memories.word(64, memories.sent + 65)
    with pytest.raises(ProtocolError, match=r"^the engine's tail is 65 ahead in a ring of 64$"):
        link.receive()


def test_memory_smaller_than_told_is_refused_before_it_is_touched() -> None:
    memories = Memories()
    os.truncate(memories.frames_fd, 4096)
    gc.collect()  # what other tests left is not to be closed in between
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(ProtocolError, match=r"^the frames memory has 4096 bytes, the engine spoke"):
        attached(memories)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    memories.close()


@pytest.mark.parametrize("seed", range(20))
def test_random_descriptors_raise_errors_and_nothing_else(seed: int) -> None:
    chance = random.Random(seed)
    memories = Memories(inputs=1 + seed % 3)
    link = attached(memories)
    for _ in range(30):
        at = RING_IN
        memories.link[at : at + 16 * ENTRIES] = chance.randbytes(16 * ENTRIES)
        memories.sent += chance.randrange(1, ENTRIES)
        memories.show()
        batch = link.receive()
        if batch is None:
            continue
        columns = batch.columns(chance.randrange(4), 70000 if seed == 0 else 40)
        assert columns.shape[0] == len(batch)
        assert batch.column(chance.randrange(1 << 32)).shape == (len(batch),)
        for packet in batch:
            for use in (lambda p: p.data, lambda p: p.metadata, lambda p: p.push(9), Packet.clone):
                with contextlib.suppress(ValueError, ProtocolError):
                    use(packet)
        link.give_back()
    link.close()
    memories.close()
