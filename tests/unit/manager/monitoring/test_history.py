"""The history: what is kept, how finely, for how long, and in how much memory."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from weft.errors import UsageError
from weft.manager.monitoring.history import (
    BYTES_OF_SERIES,
    KEPT_S,
    MOST_SERIES,
    MOST_SERIES_OF_ONE,
    FunctionHistory,
    History,
)
from weft.manager.monitoring.points import points
from weft.model.look import ComponentLook, ElementLook, InterfaceLook, Look

AT = 1_800_000_000.0


def look(packets: int = 0, memory: int = 0, **more: object) -> Look:
    interface = InterfaceLook("in", True, packets_in=packets, bytes_in=60 * packets)
    fields: dict[str, object] = {"interfaces": (interface,), "memory_bytes": memory, **more}
    return Look(0.0, "active", **fields)  # type: ignore[arg-type]


def history() -> History:
    return History()


def of(kept: History) -> FunctionHistory:
    found = kept.of("u")
    assert found is not None
    return found


def test_a_counter_is_kept_and_has_a_rate() -> None:
    kept = history()
    for second in range(5):
        now = kept.put("u", "gate", AT + second, points(look(packets=10 * second)))
    assert now["in.packets_in"] == 40.0
    assert now["in.packets_in/s"] == 10.0
    track = of(kept).track("in.packets_in", AT + 4, AT, 1)
    assert (track.start_s, track.step_s) == (AT, 1.0)
    assert track.values == (0.0, 10.0, 20.0, 30.0, 40.0)
    rates = of(kept).track("in.packets_in/s", AT + 4, AT, 1)
    assert (rates.series.name, rates.series.unit) == ("in.packets_in/s", "packets/s")
    assert rates.values == (None, 10.0, 10.0, 10.0, 10.0)


def test_a_history_that_is_young_is_told_from_its_beginning_as_finely_as_it_is_kept() -> None:
    kept = history()
    for second in range(4):
        kept.put("u", "gate", AT + second, points(look(packets=10 * second)))
    track = of(kept).track("in.packets_in/s", AT + 3, AT - 600)
    assert (track.start_s, track.step_s) == (AT, 1.0)
    assert track.values == (None, 10.0, 10.0, 10.0)


def test_a_counter_that_begins_anew_goes_on() -> None:
    kept = history()
    for second, count in enumerate([100, 150, 5, 25]):
        now = kept.put("u", "gate", AT + second, points(look(packets=count)))
    assert now["in.packets_in/s"] == 20.0
    track = of(kept).track("in.packets_in", AT + 3, AT, 1)
    assert track.values == (100.0, 150.0, 155.0, 175.0)
    rates = of(kept).track("in.packets_in/s", AT + 3, AT, 1)
    assert rates.values == (None, 50.0, 5.0, 20.0)


def test_what_was_not_measured_is_a_gap() -> None:
    kept = history()
    for second in (0, 1, 4, 5):
        kept.put("u", "gate", AT + second, points(look(packets=second)))
    assert of(kept).track("in.packets_in", AT + 5, AT, 1).values == (0, 1, None, None, 4, 5)
    rates = of(kept).track("in.packets_in/s", AT + 5, AT, 1).values
    assert rates == (None, 1.0, None, None, None, 1.0)


def test_a_series_that_comes_later_or_ends_is_a_gap_beside_the_others() -> None:
    kept = history()
    for second in range(36):
        seen = (ElementLook("new", "Null", packets_in=second),) if 12 <= second < 24 else ()
        kept.put("u", "gate", AT + second, points(look(packets=second, elements=seen)))
    fine = of(kept).track("new.packets_in", AT + 25, AT + 10, 1).values
    assert fine == (None, None, *map(float, range(12, 24)), None, None)
    coarse = of(kept).track("new.packets_in", AT + 35, AT, 10).values
    assert coarse == (None, 19.0, 23.0, None)
    assert of(kept).track("in.packets_in", AT + 35, AT, 10).values == (9.0, 19.0, 29.0, 35.0)


def test_of_two_looks_in_a_second_the_last_is_kept_and_a_clock_that_goes_back_harms_nothing() -> (
    None
):
    kept = history()
    for at_s, memory in (
        (0.0, 1),
        (0.5, 2),
        (11.0, 3),
        (4.0, 4),
        (12.0, 5),
        (25.0, 6),
        (-400.0, 7),
    ):
        kept.put("u", "gate", AT + at_s, points(look(memory=memory)))
    fine = of(kept).track("memory_bytes", AT + 12, AT, 1).values
    assert (fine[0], fine[4], fine[11:]) == (2.0, 4.0, (3.0, 5.0))
    assert of(kept).track("memory_bytes", AT + 25, AT, 10).values == (3.0, 4.0, 6.0)


def test_a_long_gap_leaves_nothing_old_behind() -> None:
    kept = history()
    for second in (*range(300), 10_000):
        kept.put("u", "gate", AT + second, points(look(memory=second)))
    values = of(kept).track("memory_bytes", AT + 10_000, AT + 9701, 1).values
    assert values == (None,) * 299 + (10_000.0,)


def test_beyond_five_minutes_it_is_coarser() -> None:
    kept = history()
    for second in range(3600):
        kept.put("u", "gate", AT + second, points(look(packets=second, memory=second)))
    end = AT + 3599
    gauge = of(kept).track("memory_bytes", end, AT + 600, 10)
    assert gauge.values[:2] == (604.5, 614.5)  # means
    counter = of(kept).track("in.packets_in", end, AT + 600, 10)
    assert counter.values[:2] == (609.0, 619.0)  # the last of each
    assert len(counter.values) == 300
    minutes = of(kept).track("memory_bytes", end, AT + 600, 60)
    assert minutes.values[0] == 629.5
    assert of(kept).track("memory_bytes", end, AT).step_s == 60.0
    assert of(kept).track("memory_bytes", end, end - 200, 3).step_s == 3.0


def test_processor_time_is_told_in_cores() -> None:
    kept = history()
    for second in range(3):
        component = ComponentLook("filter", "filter", "ready", cpu_s=0.25 * second)
        now = kept.put(
            "u", "gate", AT + second, points(look(cpu_s=0.5 * second, components=(component,)))
        )
    assert (now["cpu"], now["filter.cpu"]) == (0.5, 0.25)
    track = of(kept).track("filter.cpu", AT + 2, AT, 1)
    assert (track.values, track.series.unit) == ((None, 0.25, 0.25), "cores")


def test_of_two_by_one_name_the_first_is_kept() -> None:
    kept = history()
    element = ElementLook("in", "FromDevice", packets_in=7, packets_out=5)
    now = kept.put("u", "gate", AT, points(look(packets=5, elements=(element,))))
    assert (now["in.packets_in"], now["in.packets_out"]) == (5.0, 0.0)


def test_bytes_of_elements_are_kept_while_they_are_counted_and_go_on_where_they_begin_anew() -> (
    None
):
    kept = history()
    for second, counted in enumerate((None, 0, 300, 40)):
        element = ElementLook("cut", "Strip", packets_in=7, bytes_in=counted, bytes_out=0)
        now = kept.put("u", "gate", AT + second, points(look(elements=(element,))))
    assert now["cut.bytes_in/s"] == 40.0
    assert of(kept).track("cut.bytes_in", AT + 3, AT, 1).values == (None, 0.0, 300.0, 340.0)


def test_bytes_of_elements_are_the_first_that_there_is_no_room_for() -> None:
    kept = history()
    many = tuple(ElementLook(f"e{number}", "Null", (), 1, 1, 9, 9) for number in range(100))
    kept.put("u", "gate", AT, points(look(elements=many)))
    names = {series.name for series in of(kept).series()}
    assert "e99.packets_out" in names
    assert "e0.bytes_in" in names
    assert "e99.bytes_in" not in names


def test_drops_are_kept_by_reason() -> None:
    element = ElementLook("in/queue", "Queue", (("queue-full", 2),))
    now = history().put("u", "gate", AT, points(look(elements=(element,))))
    assert now["in/queue.drops.queue-full"] == 2.0


@pytest.mark.parametrize(
    ("series", "step_s", "message"),
    [
        (
            "in.packets",
            None,
            "'gate' has no series 'in.packets'; near: in.packets_in, in.packets_out",
        ),
        ("memory_bytes/s", None, "'memory_bytes' is no counter and has no rate"),
        ("up", 0.0, "a step of 0 s: allowed: 1 s to 3600 s"),
    ],
)
def test_what_cannot_be_asked(series: str, step_s: float | None, message: str) -> None:
    kept = history()
    kept.put("u", "gate", AT, points(look()))
    with pytest.raises(UsageError) as caught:
        of(kept).track(series, AT, None, step_s)
    assert caught.value.message == message


def test_a_time_that_is_none_is_refused_and_one_to_come_has_nothing() -> None:
    kept = history()
    kept.put("u", "gate", AT, points(look()))
    with pytest.raises(UsageError, match=r"^from nan: allowed: a Unix time, in seconds$"):
        of(kept).track("up", AT, float("nan"))
    assert of(kept).track("up", AT, AT + 1e6).values == (None,)


def elements(count: int) -> tuple[ElementLook, ...]:
    return tuple(ElementLook(f"e{number}", "Null") for number in range(count))


def test_what_there_is_no_room_for_is_counted() -> None:
    kept = history()
    many = look(elements=elements(300))
    fits = MOST_SERIES // MOST_SERIES_OF_ONE
    for number in range(fits + 1):
        kept.put(f"u{number}", f"gate{number}", AT, points(many))
    first, last = kept.of("u0"), kept.of(f"u{fits}")
    assert first is not None
    assert last is not None
    assert len({item.name for item in first.series() if not item.name.endswith("/s")}) == 256
    assert first.left_out == len({point.series for point in points(many)}) - 256
    assert last.series() == []


def test_a_function_that_is_gone_is_forgotten_after_an_hour() -> None:
    kept = history()
    kept.put("u", "gate", AT, points(look(packets=3)))
    kept.forget_old(AT + KEPT_S)
    assert kept.last_of("gate") == "u"
    kept.forget_old(AT + KEPT_S + 1)
    assert kept.last_of("gate") is None
    assert kept.of("u") is None


def test_a_day_of_samples_stays_within_what_is_promised() -> None:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept = history()
    for second in range(0, 86_400, 2):
        kept.put("u", "gate", AT + second, points(look(packets=second)))
        if second == 4000:
            gc.collect()
            filled = tracemalloc.get_traced_memory()[0] - before
    gc.collect()
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    count = sum(not item.is_counter or not item.name.endswith("/s") for item in of(kept).series())
    assert size <= count * BYTES_OF_SERIES
    assert size <= filled * 1.1
