"""What the watch over functions tells, from what it sees."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from weft.api.events import EventRing
from weft.api.progress import say
from weft.api.watching import ServingClient, Watch
from weft.model.function import ComponentStatus, FunctionFacts, FunctionStatus
from weft.model.state import FunctionState

FACTS = FunctionFacts(
    uuid=UUID("00000000-0000-4000-8000-000000000001"),
    name="fw",
    project="default",
    package="wire",
    version="1",
    interfaces={},
    created=1.0,
    operation="op",
)
COMPONENT = ComponentStatus("filter", "filter", "ready", restarts=0)
ACTIVE = FunctionStatus(FunctionState.ACTIVE, restarts=0, components=(COMPONENT,))


def told(*looks: list[tuple[FunctionFacts, FunctionStatus]]) -> list[tuple[str, str]]:
    """Kinds of events with what they are about, after looks one after the other."""
    ring = EventRing()
    listener = ring.listen()
    watch = Watch(ServingClient(say), ring)
    for look in looks:
        watch.compare(look)
    kinds = []
    while not listener.queue.empty():
        event = listener.queue.get_nowait()
        assert event is not None
        assert event.data["uuid"] == str(FACTS.uuid)
        kinds.append((event.kind, event.data["function"]))
    return kinds


def in_state(state: FunctionState) -> list[tuple[FunctionFacts, FunctionStatus]]:
    return [(FACTS, replace(ACTIVE, state=state))]


def test_what_is_there_at_the_start_is_no_event() -> None:
    assert told(in_state(FunctionState.ACTIVE)) == []


def test_the_life_of_a_function_is_told() -> None:
    assert told(
        [],
        in_state(FunctionState.STARTING),
        in_state(FunctionState.ACTIVE),
        in_state(FunctionState.ACTIVE),
        in_state(FunctionState.INACTIVE),
        in_state(FunctionState.ACTIVE),
        in_state(FunctionState.STARTING),  # held by who removes it
        [],
    ) == [
        ("function.deployed", "fw"),
        ("function.stopped", "fw"),
        ("function.started", "fw"),
        ("function.removed", "fw"),
    ]


def test_one_whose_processes_end_is_gone() -> None:
    seen = told(in_state(FunctionState.ACTIVE), in_state(FunctionState.GONE), [])
    assert seen == [("function.gone", "fw")]


def test_restarts_and_changes_are_told() -> None:
    again = [(FACTS, replace(ACTIVE, restarts=1))]
    other = [(replace(FACTS, version="2"), replace(ACTIVE, restarts=1))]
    assert told(in_state(FunctionState.ACTIVE), again, other) == [
        ("function.restarted", "fw"),
        ("function.changed", "fw"),
    ]


def test_a_stop_and_a_start_between_two_looks_are_a_restart() -> None:
    before = [(FACTS, replace(ACTIVE, engine_pid=10))]
    after = [(FACTS, replace(ACTIVE, engine_pid=20))]
    assert told(before, after, after) == [("function.restarted", "fw")]


def test_a_component_that_fails_is_told() -> None:
    failed = replace(COMPONENT, state="failed", last_end="was killed by signal 9")
    looks = ([(FACTS, ACTIVE)], [(FACTS, replace(ACTIVE, components=(failed,)))])
    assert told(*looks) == [("component.changed", "fw")]
