"""The conformance child of the Python SDK: does to each packet what its byte 14 says.

With WEFT_CONFORMANCE=batch, operations 0 and 1 of a batch are done with NumPy at once.
"""

from __future__ import annotations

import os
import struct
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from weft.component import Component, HandlerError, Tlv

if TYPE_CHECKING:
    from collections.abc import Callable

    from weft.component import Batch, OwnPacket, Packet

component = Component(reasons=["no-room", "asked"], timestamps=True)
counts = {"packets": 0, "bytes": 0, "batch": 0, "missed": 0}
kept: list[OwnPacket] = []


def fill_or_drop(packet: Packet, room: memoryview | None, value: int) -> None:
    if room is None:
        packet.drop("no-room")
    else:
        room[:] = bytes([value]) * len(room)


def flip(packet: Packet, n: int) -> None:
    octets = np.frombuffer(packet.data, np.uint8)
    octets[16:] ^= 0x5A


def grow_front(packet: Packet, n: int) -> None:
    fill_or_drop(packet, packet.push(n), 0xA5)


def grow_end(packet: Packet, n: int) -> None:
    fill_or_drop(packet, packet.put(n), 0xB6)


def shrink_front(packet: Packet, n: int) -> None:
    if not packet.pull(n):
        packet.drop("no-room")


def shrink_end(packet: Packet, n: int) -> None:
    if n > len(packet) or not packet.trim(len(packet) - n):
        packet.drop("no-room")


def drop(packet: Packet, n: int) -> None:
    packet.drop("asked" if n == 1 else None)


def made(number: int) -> bytes:
    return bytes(12) + b"\x88\xb5\xee" + bytes([number]) + b"\x77" * 44


def emit(packet: Packet, n: int, parent: Packet | None = None) -> None:
    for index in range(n):
        if not component.send(component.new_packet(made(index), parent=parent)):
            counts["missed"] += 1


def emit_from(packet: Packet, n: int) -> None:
    emit(packet, n, packet)


def emit_behind(packet: Packet, n: int) -> None:
    """The packet leaves before the one that stems from it."""
    kept_one = packet.keep()
    child = component.new_packet(made(n), parent=kept_one)
    component.send(kept_one, child)
    counts["missed"] += child is None


def clone(packet: Packet, n: int) -> None:
    for index in range(n):
        copy = packet.clone()
        if copy is None:
            counts["missed"] += 1
            continue
        copy.data[15] = (0x80 + index) % 256
        component.send(copy)


def mark(packet: Packet, n: int) -> None:
    packet.mark = 0x01020300 + n


def show_metadata(packet: Packet, n: int) -> None:
    known = packet.metadata
    packet.data[16:50] = struct.pack(
        ">IIBB16sQ", known.mark, known.spi, known.si, known.nsh, known.context, known.timestamp
    )


def change_nsh(packet: Packet, n: int) -> None:
    nsh = packet.nsh
    if nsh is not None:
        nsh.si = n
        nsh.context = bytes((n + i) % 256 for i in range(16))


def set_path(packet: Packet, n: int) -> None:
    if packet.nsh is not None:
        packet.nsh.spi = 0x010200 + n
        packet.nsh.si = n


def show_header(packet: Packet, n: int) -> None:
    nsh = packet.nsh
    if nsh is not None:
        said = bytes([nsh.ttl, nsh.oam, nsh.next_protocol, len(nsh.tlvs)])
        for tlv in nsh.tlvs:
            head = tlv.unassigned << 7 | len(tlv.value)
            said += struct.pack(">HBB", tlv.class_, tlv.type, head) + tlv.value
        packet.data[16 : 16 + len(said)] = said


def change_tlvs(packet: Packet, n: int) -> None:
    if packet.nsh is None:
        return
    tlvs = packet.nsh.tlvs
    if n == 0:
        tlvs.append(Tlv(0x0102, 3, b"added"))
    elif n == 1:
        tlvs.set(0x0100, 7, b"replaced!")
    elif n == 2:
        tlvs.discard(0x0100, 7)
    elif n == 3:
        tlvs.clear()
    else:
        tlvs.data = bytes([0, 1, 2, 5, 0, 0, 0, 0])


def keep(packet: Packet, n: int) -> None:
    kept.append(packet.keep())


def send_kept(packet: Packet, n: int) -> None:
    component.send(*kept)
    kept.clear()


def die(packet: Packet, n: int) -> None:
    os._exit(3)


def hang(packet: Packet, n: int) -> None:
    while True:
        time.sleep(3600)


def fail(packet: Packet, n: int) -> None:
    raise RuntimeError("failed as asked")


def slow(packet: Packet, n: int) -> None:
    time.sleep(n / 1000)


OPERATIONS: dict[int, Callable[[Packet, int], None]] = {
    **{1: flip, 2: grow_front, 3: grow_end, 4: shrink_front, 5: shrink_end, 7: drop},
    **{8: emit, 9: clone, 10: mark, 11: show_metadata, 12: change_nsh, 13: keep, 14: send_kept},
    **{16: die, 17: hang, 18: fail, 19: slow, 20: set_path, 21: show_header, 22: change_tlvs},
    **{23: emit_from, 24: emit_behind},
}


@component.batch
def process(batch: Batch) -> None:
    counts["batch"] = max(counts["batch"], len(batch))
    counts["packets"] += len(batch)
    counts["bytes"] += int(batch.lengths.sum())
    if os.environ.get("WEFT_CONFORMANCE") == "batch" and flip_at_once(batch):
        return
    for index, packet in enumerate(batch):
        if len(packet) < 16:
            continue
        kind, n = packet.data[14:16]
        if kind == 6:
            batch.ports[index] = n  # not packet.port, which refuses what the engine is to refuse
        elif kind in OPERATIONS:
            OPERATIONS[kind](packet, n)


def flip_at_once(batch: Batch) -> bool:
    """Operations 0 and 1 with arrays; False, and nothing done, if there is another."""
    operations = np.where(batch.lengths >= 16, batch.column(14), 0)
    if operations.max() > 1 or batch.slots.max() >= len(batch.pool):
        return False
    for index in np.flatnonzero(operations):
        begin = int(batch.offsets[index])
        end = begin + int(batch.lengths[index])
        batch.pool[batch.slots[index], begin + 16 : end] ^= 0x5A
    return True


def counter(name: str, unit: str, text: str) -> None:
    @component.handler(name, type="unsigned", unit=unit, help=text)
    def read() -> int:
        return counts[name]


counter("packets", "packets", "packets seen")
counter("bytes", "bytes", "bytes seen")
counter("batch", "packets", "size of the largest batch")
counter("missed", "packets", "packets not emitted for want of a frame")


def stored(name: str, kind: object, value: Any, text: str, limits: str = "") -> None:
    values = {name: value}

    @component.handler(name, type=kind, help=text, limits=limits)
    def read() -> Any:
        return values[name]

    @read.write
    def write(new: Any) -> None:
        values[name] = new


stored("text", str, "hello", "a text")
stored("lines", "lines", "a\nb\n", "lines")
stored("unsigned", "unsigned", 7, "a natural number")
stored("integer", int, -7, "a whole number")
stored("real", float, 0.5, "a real number")
stored("flag", bool, True, "a truth value")
stored("json", "json", '{"a": [1, 2]}', "a JSON text")
stored("blob", bytes, b"\x00\x01\xff", "bytes")
stored("port", "unsigned", 80, "a port", "0..65535")
stored("mode", str, "drop", "one of two", "drop|mark")
stored("label", str, "none", "a short text", "..8 bytes")


@component.handler("reset", type="button", help="sets the counters to 0")
def reset() -> None:
    counts.update(dict.fromkeys(counts, 0))


@component.command("greet", help="greets whom it is called with", limits="..20 bytes")
def greet(argument: str) -> str:
    return f"hello {argument}"


@component.handler("echo", help="the parameter")
def echo(parameter: str) -> str:
    return parameter


@component.handler("fail", help="always fails")
def failing() -> str:
    raise HandlerError("failed as asked")


@failing.write
def failing_write(value: str) -> None:
    raise HandlerError("failed as asked")


@component.handler("slow", help="sleeps PARAMETER milliseconds")
def sleeping(parameter: str) -> str:
    time.sleep(int(parameter) / 1000)
    return "slept"


component.run()
