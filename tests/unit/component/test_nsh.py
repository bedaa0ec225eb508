"""Service function chains in the Python SDK: context headers, arrays of batches, parents."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.component_peer import NSH, TLVS, Memories
from weft.component import Metadata, Nsh, Tlv
from weft.component.link import Link
from weft.component.protocol import Welcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weft.component import Packet

FRAME = bytes(range(60))
TENANT = Tlv(0x0100, 7, b"tenant")
OTHER = Tlv(0xFFF0, 255, b"\x01", unassigned=True)
BYTES = bytes.fromhex("01000706") + b"tenant\0\0" + bytes.fromhex("fff0ff81 01000000")


@pytest.fixture
def memories() -> Iterator[Memories]:
    made = Memories(features=NSH)
    yield made
    made.close()


@pytest.fixture
def link(memories: Memories) -> Iterator[Link]:
    made = Link(Welcome.decode(memories.welcome()), memories.descriptors(), {})
    yield made
    made.close()


def record(**fields: int | bytes) -> bytes:
    memory = bytearray(64)
    Metadata(**fields).write(memory, 0)  # type: ignore[arg-type]
    return bytes(memory)


def give(memories: Memories, packet: int, tlvs: bytes = b"", **fields: int | bytes) -> None:
    begin = TLVS + 256 * packet
    memories.link[begin : begin + len(tlvs)] = tlvs
    memories.push(FRAME, packet, flags=1, metadata=record(tlvs=len(tlvs), **fields))
    memories.show()


def received(link: Link) -> Packet:
    batch = link.receive()
    assert batch is not None
    return batch[0]


@pytest.fixture
def nsh(memories: Memories, link: Link) -> Nsh:
    """Of MD type 2, with two context headers; packet 3."""
    give(memories, 3, BYTES, nsh=2, ttl=9, oam=1, next_protocol=3)
    found = received(link).nsh
    assert found is not None
    return found


def told(memories: Memories) -> bytes:
    """Context headers of packet 3, as the engine will read them."""
    length = int.from_bytes(memories.link[12288 + 64 * 3 + 10 :][:2], "little")
    return bytes(memories.link[TLVS + 256 * 3 :][:length])


def test_all_of_a_header_is_read(nsh: Nsh) -> None:
    assert (nsh.type, nsh.ttl, nsh.oam, nsh.next_protocol) == (2, 9, True, 3)
    assert nsh.tlvs == [TENANT, OTHER]
    assert (len(nsh.tlvs), nsh.tlvs[-1], nsh.tlvs[:1]) == (2, OTHER, [TENANT])
    assert (nsh.tlvs.find(0x0100, 7), nsh.tlvs.find(0x0100, 8)) == (b"tenant", None)
    assert nsh.tlvs.data == BYTES
    assert repr(nsh.tlvs) == repr([TENANT, OTHER])


def test_context_headers_are_a_list_that_is_changed_in_place(nsh: Nsh, memories: Memories) -> None:
    nsh.tlvs.append(Tlv(1, 2))
    assert told(memories) == BYTES + bytes([0, 1, 2, 0])
    nsh.tlvs.set(0x0100, 7, b"t")
    nsh.tlvs.set(0xFFF0, 255, b"")
    assert nsh.tlvs == [TENANT._replace(value=b"t"), OTHER._replace(value=b""), Tlv(1, 2)]
    nsh.tlvs.set(3, 4, b"5")
    assert (nsh.tlvs.discard(3, 4), nsh.tlvs.discard(3, 4)) == (1, 0)
    del nsh.tlvs[1:]
    assert told(memories) == bytes.fromhex("01000701 74000000")
    nsh.tlvs.insert(0, OTHER)
    nsh.tlvs[1] = TENANT
    assert nsh.tlvs == [OTHER, TENANT]
    nsh.tlvs = [TENANT, OTHER]
    assert told(memories) == BYTES
    nsh.tlvs.clear()
    assert (told(memories), list(nsh.tlvs)) == (b"", [])


@pytest.mark.parametrize(
    ("tlv", "why"),
    [
        (Tlv(65536, 1), "the class of a context header is 0 to 65535, not 65536"),
        (Tlv(1, -1), "the type of a context header is 0 to 255, not -1"),
        (Tlv(1, 1, bytes(128)), "the length of a context header's value is 0 to 127, not 128"),
    ],
)
def test_a_context_header_that_cannot_be_is_refused(
    nsh: Nsh, memories: Memories, tlv: Tlv, why: str
) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        nsh.tlvs.append(tlv)
    assert told(memories) == BYTES


def test_context_headers_that_are_too_many_are_refused(nsh: Nsh, memories: Memories) -> None:
    nsh.tlvs.append(Tlv(1, 1, bytes(127)))
    before = told(memories)
    with pytest.raises(
        ValueError, match=r"^284 bytes of context headers; at most 244 are possible$"
    ):
        nsh.tlvs.append(Tlv(1, 1, bytes(127)))
    assert told(memories) == before


def test_a_header_of_another_type_has_none(memories: Memories, link: Link) -> None:
    give(memories, 3, BYTES, nsh=1)
    nsh = received(link).nsh
    assert nsh is not None
    assert nsh.tlvs == []
    with pytest.raises(
        ValueError, match=r"^an NSH of MD type 2 has context headers, not one of type 1$"
    ):
        nsh.tlvs.append(TENANT)


def test_an_engine_of_version_1_0_tells_of_none() -> None:
    memories = Memories()
    link = Link(Welcome.decode(memories.welcome()), memories.descriptors(), {})
    give(memories, 3, BYTES, nsh=2)
    memories.spare(9)
    memories.show()
    packet = received(link)
    assert packet.nsh is not None
    assert packet.nsh.tlvs == []
    with pytest.raises(ValueError, match=r"^this engine does not tell of context headers$"):
        packet.nsh.tlvs.append(TENANT)
    link.send([packet.clone()])
    link.give_back()
    assert [p.flags for p in memories.returned()] == [1, 1]
    link.close()
    memories.close()


def test_paths_and_contexts_of_a_batch_are_arrays(memories: Memories, link: Link) -> None:
    context = bytes(range(16))
    give(memories, 0, spi=0x010203, si=4, nsh=1, context=context)
    memories.push(FRAME, 1)
    give(memories, 2, mark=9, nsh=0)
    give(memories, 3, spi=7, si=8, nsh=2)
    batch = link.receive()
    assert batch is not None
    assert batch.spis.tolist() == [0x010203, 0, 0, 7]
    assert batch.sis.tolist() == [4, 0, 0, 8]
    assert batch.contexts.tolist() == [[*context], [0] * 16, [0] * 16, [0] * 16]
    batch.spis = np.array([1, 2, 3, 4])
    batch.sis = batch.sis - np.uint8(1)
    batch.contexts = np.full(16, 5, np.uint8)
    seen = [(p.metadata.spi, p.metadata.si, p.metadata.context[0], p.mark) for p in batch]
    assert seen == [(1, 3, 5, 0), (0, 0, 0, 0), (0, 0, 0, 9), (4, 7, 5, 0)]
    with pytest.raises(ValueError, match=r"^spi is 0 to 16777215, not 0 to 16777216$"):
        batch.spis = np.array([0, 0, 0, 1 << 24])


def test_the_engine_hears_of_a_parent_before_anything_that_is_returned(
    memories: Memories, link: Link
) -> None:
    memories.spare(9)
    memories.spare(10)
    give(memories, 3, BYTES, nsh=2, spi=5, mark=6)
    packet = received(link)
    made = link.new_packet(b"made", 128, packet)
    assert made is not None
    assert (made.mark, made.nsh and (made.nsh.spi, made.nsh.tlvs.data)) == (0, (5, BYTES))
    copy = made.clone()
    assert copy is not None
    assert memories.returned() == []
    link.send([copy, made])
    link.give_back()
    named, again, *rest = memories.returned()
    assert (named.packet, named.length, named.flags) == (10, 3, 8)
    assert (again.packet, again.length, again.flags) == (9, 10, 8)
    assert [(p.packet, p.flags) for p in rest] == [(9, 1), (10, 1), (3, 1)]


def test_a_frame_that_has_a_parent_is_used_for_nothing_else(memories: Memories, link: Link) -> None:
    memories.spare(9)
    give(memories, 3)
    packet = received(link)
    assert link.new_packet(b"forgotten", 128, packet) is not None
    gc.collect()
    assert link.new_packet(b"other", 128) is None
    link.give_back()
    assert [(p.packet, p.flags) for p in memories.returned()] == [(9, 8), (3, 1), (9, 4)]


def test_a_packet_that_was_sent_is_no_parent(memories: Memories, link: Link) -> None:
    memories.spare(9)
    give(memories, 3)
    kept = received(link).keep()
    link.send([kept])
    with pytest.raises(
        ValueError, match=r"^this packet has been sent already: it can be no parent"
    ):
        link.new_packet(b"late", 128, kept)
    assert link.new_packet(b"the frame is free", 128) is not None
