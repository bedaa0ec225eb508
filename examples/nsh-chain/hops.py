"""One packet on its way through functions that trace it: its Network Service Header after each."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from weft.client import Client
    from weft.model.trace import TraceRequest

__all__ = ["Header", "Hop", "follow", "header_of"]

_PATIENCE_S = 10.0
_ETHERNET_BYTES, _BASE_BYTES = 14, 8
_NSH = 0x894F


class Header(NamedTuple):
    """What the chain reads and writes: path, index, TTL, and the context in hexadecimal digits."""

    spi: int
    si: int
    ttl: int
    context: str


class Hop(NamedTuple):
    """Who sent the packet to whom, with which header; None where it had none."""

    sender: str
    receiver: str
    header: Header | None


def header_of(frame: bytes) -> Header | None:
    """The header of an Ethernet frame (RFC 8300, sections 2.2 to 2.4)."""
    [kind] = struct.unpack_from("!H", frame, _ETHERNET_BYTES - 2)
    if kind != _NSH:
        return None
    first, path = struct.unpack_from("!HxxI", frame, _ETHERNET_BYTES)
    context = frame[_ETHERNET_BYTES + _BASE_BYTES : _ETHERNET_BYTES + (first & 0x3F) * 4]
    return Header(path >> 8, path & 0xFF, first >> 6 & 0x3F, context.hex())


async def follow(
    client: Client,
    requests: Mapping[str, TraceRequest],
    send: Callable[[], None],
    receivers: Mapping[tuple[str, str], str],
) -> list[Hop]:
    """Trace in all these functions at once, the first of which gets the packet that is then sent.

    `receivers` says who is at the other end of a function's interface. The way ends where a function
    that was to send the packet on did not within some seconds.
    """
    async with AsyncExitStack() as stack:
        traces = {}
        for name, request in requests.items():
            looks = await stack.enter_async_context(aclosing(client.trace(name, request)))
            await anext(looks)  # from here on the function traces
            traces[name] = looks
        send()
        left: dict[str, dict[int, tuple[str, bytes]]] = {name: {} for name in traces}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await asyncio.gather(*(_watch(looks, left[name]) for name, looks in traces.items()))
    at, hops = next(iter(requests)), []
    while left.get(at):
        interface, frame = left[at].pop(min(left[at]))
        hops.append(Hop(at, receivers[at, interface], header_of(frame)))
        at = hops[-1].receiver
    return hops


async def _watch(
    looks: AsyncGenerator[dict[str, Any], None], left: dict[int, tuple[str, bytes]]
) -> None:
    """Enter the interfaces that packets left by, and their bytes there, in the order of the visits."""
    async for look in looks:
        for visit in look["hops"]:
            if visit["class"] == "ToDevice" and visit["outcome"] == "sent":
                interface, _, _ = visit["element"].partition("/")
                left[visit["hop"]] = (interface, bytes.fromhex(visit["before"]["bytes"]))
