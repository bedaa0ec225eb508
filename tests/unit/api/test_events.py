"""Events: a bounded ring with ids, and listeners that are cut off where they do not listen."""

from __future__ import annotations

import asyncio
from typing import Any

from weft.api.events import EventRing
from weft.api.sse import EventStream


def numbers(ring: EventRing, last: str | None) -> tuple[list[int], bool]:
    events, lost = ring.since(last)
    return [event.data["n"] for event in events], lost


def filled(count: int) -> tuple[EventRing, list[str]]:
    ring = EventRing()
    listener = ring.listen()
    ids = []
    for n in range(1, count + 1):
        ring.add("tick", n=n)
        event = listener.queue.get_nowait()
        assert event is not None
        ids.append(event.id)
    return ring, ids


def test_whoever_comes_back_misses_nothing() -> None:
    ring, ids = filled(5)
    assert numbers(ring, ids[2]) == ([4, 5], False)
    assert numbers(ring, ids[4]) == ([], False)
    assert numbers(ring, None) == ([], False)


def test_what_is_not_kept_is_told_as_lost() -> None:
    ring, ids = filled(1030)
    assert numbers(ring, ids[5]) == (list(range(7, 1031)), False)
    assert numbers(ring, ids[4]) == (list(range(7, 1031)), True)


def test_ids_of_another_run_and_nonsense_get_all_there_is() -> None:
    ring, _ = filled(3)
    for identity in ("00000000-2", "", "x", "-", "9" * 40, f"{ring._boot}-{'9' * 30}"):
        assert numbers(ring, identity) == ([1, 2, 3], True)


def test_a_listener_that_does_not_listen_is_cut_off_and_holds_nobody_up() -> None:
    ring = EventRing()
    slow, quick = ring.listen(), ring.listen()
    for n in range(300):
        ring.add("tick", n=n)
        event = quick.queue.get_nowait()
        assert event is not None
        assert event.data["n"] == n
    assert slow.is_slow
    waiting = [slow.queue.get_nowait() for _ in range(257)]
    assert [event is None for event in waiting] == [False] * 256 + [True]


async def _stream(ring: EventRing, last: str | None, **options: Any) -> list[str]:
    """What a reader gets until the ring closes."""
    sent: list[str] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b"").decode())

    async def receive() -> Any:
        await asyncio.Event().wait()

    answer = asyncio.create_task(EventStream(ring, last, **options)({}, receive, send))
    await asyncio.sleep(0)
    while len(sent) < 2:
        await asyncio.sleep(0)
    ring.add("function.stopped", function="fw")
    while options and sum("still here" in text for text in sent) < 2:
        await asyncio.sleep(0.001)
    ring.close()
    await answer
    return sent


def test_events_are_server_sent_events() -> None:
    ring = EventRing()
    _, event, _ = asyncio.run(_stream(ring, None))[1:]
    identity, kind, data, *end = event.split("\n")
    assert identity == f"id: {ring._boot}-1"
    assert kind == "event: function.stopped"
    assert data.startswith('data: {"time":')
    assert data.endswith(',"function":"fw"}')
    assert end == ["", ""]


def test_a_reader_is_told_of_loss_and_that_the_server_is_there() -> None:
    texts = asyncio.run(_stream(EventRing(), "old-1", heartbeat_s=0.001))
    assert "event: events.lost\ndata: {}\n\n" in texts
    assert texts.count(": still here\n\n") >= 2


def test_a_reader_that_leaves_is_let_go() -> None:
    ring = EventRing()

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        pass

    asyncio.run(EventStream(ring, None)({}, gone, send))
    assert ring._listeners == set()
