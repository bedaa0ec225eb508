"""What a component in any language can do to packets, byte by byte, with shared frames and its own.

A test with `sdk_bench` is of what no element does, and not of a component in Click: growing and shrinking
by any number of bytes, packets made at once, clones that differ. What it does instead is in test_click.py.
"""

from __future__ import annotations

from tests.support.component_bench import Bench, Sides, frame, numbered
from tests.support.component_engine import until

HEADROOM = 112  # of what comes from a file: 128, of which 16 are not a component's
TAIL_OF_60 = 2112 - 128 - 60
LARGEST = 65_553


def test_packets_leave_as_and_in_the_order_in_which_they_came(bench: Bench, private: str) -> None:
    """More of them than the ring has entries, in rounds that are smaller than it."""
    frames = numbered(300, length=200)
    bench.exchange(frames, Sides(arguments=f"CAPACITY 200, {private}".rstrip(", ")))
    for _ in range(9):
        bench.repeat()
    bench.expect([frames * 10])
    assert bench.engine.read("c.packets") == b"3000"
    assert bench.engine.read("c.bytes") == b"600000"
    assert bench.drops == {}
    bench.account()


def test_bytes_are_changed_in_place(bench: Bench, private: str) -> None:
    frames = [frame(1, n, length, n) for n, length in enumerate((60, 16, 17, 1514, 1984, 14, 0xFF))]
    bench.exchange(frames, Sides(arguments=private))
    bench.expect([[bench.kind.changed(f) for f in frames]])
    bench.account()


def test_packets_grow_and_shrink_in_front(sdk_bench: Bench, private: str) -> None:
    grown = [frame(2, n) for n in (0, 1, 14, HEADROOM - 1, HEADROOM, HEADROOM + 1, 255)]
    shrunk = [frame(4, n, length) for n, length in ((0, 60), (1, 60), (44, 60), (59, 60), (61, 60))]
    wide = [frame(2, HEADROOM, 1984), frame(4, 255, 1514), frame(4, 255, 254)]
    expected = [b"\xa5" * f[15] + f for f in grown[:5]]
    expected += [f[f[15] :] for f in shrunk[:4]]
    expected += [b"\xa5" * HEADROOM + wide[0], wide[1][255:]]
    sdk_bench.exchange([*grown, *shrunk, *wide], Sides(arguments=private))
    sdk_bench.expect([expected])
    assert sdk_bench.drops == {"no-room": 4}
    sdk_bench.account()


def test_packets_grow_and_shrink_at_the_end(sdk_bench: Bench, private: str) -> None:
    grown = [frame(3, n) for n in (0, 1, 100, 255)]
    edge = [frame(3, n, 60 + TAIL_OF_60 - 200) for n in (199, 200, 201, 255)]
    full = [frame(3, n, 60 + TAIL_OF_60) for n in (0, 1)]
    shrunk = [frame(5, n) for n in (0, 1, 59, 61, 255)]
    passed = [*grown, *edge[:2], full[0]]
    expected = [f + b"\xb6" * f[15] for f in passed] + [f[: 60 - f[15]] for f in shrunk[:3]]
    sdk_bench.exchange([*grown, *edge, *full, *shrunk], Sides(arguments=private))
    sdk_bench.expect([expected])
    assert sdk_bench.drops == {"no-room": 5}
    sdk_bench.account()


def test_frames_of_every_size_up_to_the_largest(bench: Bench, private: str) -> None:
    lengths = (64, 128, 1514, 1984, 1985, 9014, 65_535, 65_549, LARGEST)
    frames = [frame(1, 0, length, length % 200) for length in lengths]
    bench.exchange(frames, Sides(arguments=private))
    bench.expect([[bench.kind.changed(f) for f in frames]])
    bench.account()


def test_packets_grow_to_the_largest_and_no_further(sdk_bench: Bench, private: str) -> None:
    frames = [frame(3, 4, LARGEST - 4), frame(3, 5, LARGEST - 4), frame(2, 1, LARGEST)]
    sdk_bench.exchange(frames, Sides(arguments=private))
    sdk_bench.expect([[frames[0] + b"\xb6" * 4]])
    assert sdk_bench.drops == {"no-room": 2}
    sdk_bench.account()


def test_each_packet_leaves_by_the_output_it_is_given(bench: Bench, private: str) -> None:
    frames = [frame(6, n % 3, 64, n) for n in range(300)]
    expected = [[f for f in frames if f[15] == output] for output in range(3)]
    bench.exchange(frames, Sides(outputs=3, arguments=private))
    bench.expect(expected)
    bench.account()


def test_drops_are_counted_by_the_reason_given(bench: Bench, private: str) -> None:
    frames = [frame(7, n % 2, 64, n) if n % 3 else frame(0, 0, 64, n) for n in range(300)]
    passed = [f for f in frames if f[14] == 0]
    bench.exchange(frames, Sides(arguments=private))
    bench.expect([passed])
    assert bench.drops == {bench.kind.asked: 100, bench.kind.unasked: 100}
    bench.account()


def test_new_packets_leave_before_the_packet_that_caused_them(
    sdk_bench: Bench, private: str
) -> None:
    frames = [frame(0, 0, 64, 1), frame(8, 3, 64, 2), frame(0, 0, 64, 3), frame(8, 1, 64, 4)]
    made = [bytes(12) + bytes([0x88, 0xB5, 0xEE, i]) + b"\x77" * 44 for i in range(3)]
    expected = [frames[0], *made, frames[1], frames[2], made[0], frames[3]]
    sdk_bench.exchange(frames, Sides(arguments=private))
    sdk_bench.expect([expected])
    assert sdk_bench.engine.read("c.missed") == b"0"
    sdk_bench.account(emitted=4)


def test_clones_leave_before_their_original(sdk_bench: Bench, private: str) -> None:
    frames = [frame(0, 0, 64, 1), frame(9, 2, 1400, 2), frame(9, 1, 4000, 3)]
    clones = [frames[1][:15] + bytes([0x80 + i]) + frames[1][16:] for i in range(2)]
    large = frames[2][:15] + b"\x80" + frames[2][16:]
    expected = [frames[0], *clones, frames[1], large, frames[2]]
    sdk_bench.exchange(frames, Sides(arguments=private))
    sdk_bench.expect([expected])
    sdk_bench.account(emitted=3)


def test_more_new_packets_than_there_are_frames_are_missed_and_counted(sdk_bench: Bench) -> None:
    frames = [frame(8, 255, 64, 2), frame(0, 0, 64, 3)]
    [received] = sdk_bench.exchange(frames)
    missed = sdk_bench.engine.number("c.missed")
    emitted = [f for f in received if f[14] == 0xEE]
    assert [f for f in received if f[14] != 0xEE] == frames
    assert len(emitted) + missed == 255
    assert emitted
    sdk_bench.account(emitted=len(emitted))


def test_spares_come_back_for_ever(sdk_bench: Bench, private: str) -> None:
    """Many times as many new packets as there are spares, but never more of them at once."""
    frames = [frame(8, 2, 64, n) for n in range(10)]
    made = [bytes(12) + bytes([0x88, 0xB5, 0xEE, i]) + b"\x77" * 44 for i in range(2)]
    sdk_bench.exchange(frames, Sides(arguments=private))
    for _ in range(29):
        sdk_bench.repeat()
    sdk_bench.expect([[packet for f in frames for packet in (*made, f)] * 30])
    assert sdk_bench.engine.read("c.missed") == b"0"
    sdk_bench.account(emitted=600)


def test_packets_that_are_kept_leave_when_they_are_let_go(bench: Bench, private: str) -> None:
    frames = [frame(13, n, 64, n) for n in range(100)]
    frames += [frame(0, 0, 64, 1), frame(14, 0, 64, 2), frame(0, 1, 64, 3)]
    expected = [frames[100], *frames[:100], *frames[101:]]
    bench.exchange(frames, Sides(arguments=private))
    bench.expect([expected])
    bench.account()


def test_kept_packets_are_in_flight_and_accounted_for(bench: Bench) -> None:
    bench.load([*(frame(13, n, 64) for n in range(10)), frame(0, 0, 64)])
    bench.attach()
    bench.flow()
    until(lambda: bench.engine.number("out0.count") == 1, "one packet leaves")
    assert bench.engine.number("c.in_flight") == 10
    bench.account()
