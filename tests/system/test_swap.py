"""A graph that is replaced, and handlers that are written, while frames pass."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between
from tests.support.traffic import Receiver, Sender
from weft.vnf.management_agent import ManagementAgent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

PLAIN = (
    "FromDevice(in) -> seen :: Counter -> q :: Queue(8000) -> sent :: Counter -> ToDevice(out);\n"
)
LONGER = (
    "FromDevice(in) -> Null -> seen :: Counter -> Paint(3)\n"
    " -> q :: Queue(6000) -> PullNull -> sent :: Counter -> ToDevice(out);\n"
)
# Each frame is painted by one switch and must find the other as the first one was.
TWO_SWITCHES = """
FromDevice(in) -> first :: Switch(0);
first[0] -> Paint(0) -> second :: Switch(0);
first[1] -> Paint(1) -> second;
second[0] -> then_0 :: PaintSwitch;
second[1] -> then_1 :: PaintSwitch;
q :: Queue(2000) -> ToDevice(out);
then_0[0] -> q; then_0[1] -> mixed :: Counter -> Discard;
then_1[0] -> mixed; then_1[1] -> q;
"""


class Running:
    """A function between two hosts."""

    def __init__(self, weft: Weft, pair: tuple[Host, Host], graph: str, folder: Path) -> None:
        self.weft = weft
        left, right = pair
        left.keep_silent()
        config = folder / "f.click"
        config.write_text(graph)
        weft("run", str(config), "-d", *between(left, right))
        [row] = weft.ps()
        self._agent = ManagementAgent("f", weft.run_directory / row["uuid"])

    def read(self, handler: str) -> str:
        return asyncio.run(self._agent.read(handler)).decode()

    def write(self, handler: str, value: str) -> None:
        asyncio.run(self._agent.write(handler, value))


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    return make_host("left"), make_host("right")


def test_no_frame_is_lost_doubled_or_overtaken_by_a_swap(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = Running(weft, pair, PLAIN, tmp_path)
    with Receiver(pair[1]) as receiver, Sender(pair[0], rate_pps=10_000) as sender:
        sender.start()
        for number in range(20):
            receiver.wait_for(len(receiver.numbers) + 200)
            running.write("hotconfig", PLAIN if number % 2 else LONGER)
        receiver.wait_for(len(receiver.numbers) + 200)
        sent = sender.stop()
        receiver.wait_for(sent)
        assert receiver.settle() == list(range(sent))
    assert running.read("seen.count") == running.read("sent.count") == str(sent)
    assert running.read("config") == PLAIN


def test_a_swap_by_command_keeps_what_the_queue_holds(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    held = PLAIN.replace("-> sent", "-> gate :: Unqueue(ACTIVE false) -> Queue -> sent")
    running = Running(weft, pair, held, tmp_path)
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        sender.send(400)
        deadline = time.monotonic() + 10
        while running.read("seen.count") != "400":
            assert time.monotonic() < deadline
        weft("write", "f", "hotconfig", PLAIN)
        receiver.wait_for(400)
        assert receiver.settle() == list(range(400))


def test_a_bad_graph_is_told_and_the_old_one_runs_on(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = Running(weft, pair, PLAIN, tmp_path)
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        sender.start()
        for bad, complaint in (
            ("FromDevice(in) -> Nowhere -> Discard;", "config:1: undeclared element 'Nowhere'\n"),
            ("FromDevice(in) -> x :: Nowhere;", "config:1: unknown element class 'Nowhere'\n"),
            (
                "FromDevice(in) -> \n  Counter(1) -> Discard;",
                "config:2: While configuring 'Counter@2 :: Counter':\n"
                "  too many arguments\n"
                "Router could not be initialized!\n",
            ),
            (
                "FromDevice(elsewhere) -> Discard;",
                "config:1: While initializing 'FromDevice@1 :: FromDevice':\n"
                "  elsewhere: no such device (there are: in, out)\n"
                "Router could not be initialized!\n",
            ),
        ):
            receiver.wait_for(len(receiver.numbers) + 100)
            told = weft("write", "f", "hotconfig", bad, status=1)
            assert told == f"weft: Write handler 'hotconfig' error:\n{complaint}"
        sent = sender.stop()
        receiver.wait_for(sent)
        assert receiver.settle() == list(range(sent))
    assert running.read("config").endswith(PLAIN)


def test_a_transaction_takes_effect_between_two_frames(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = Running(weft, pair, TWO_SWITCHES, tmp_path)
    with Receiver(pair[1]) as receiver, Sender(pair[0], rate_pps=10_000) as sender:
        sender.start()
        for number in range(100):
            port = (number + 1) % 2
            running.write("transaction", f"first.switch {port}\nsecond.switch {port}\n")
        receiver.wait_for(len(receiver.numbers) + 200)
        sent = sender.stop()
        receiver.wait_for(sent)
        assert receiver.settle() == list(range(sent))
    assert running.read("mixed.count") == "0"


def test_a_transaction_that_fails_changes_nothing(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = Running(weft, pair, TWO_SWITCHES, tmp_path)
    for lines, complaint in (
        (
            "first.switch 1\nsecond.switch x",
            "second.switch: Switch output must be integer; nothing was changed",
        ),
        ("first.switch 1\nthird.switch 1", "No element named 'third'"),
        ("first.switch 1\nmixed.count 1", "Handler 'mixed.count' read-only"),
    ):
        assert weft("write", "f", "transaction", lines, status=1).rstrip().endswith(complaint)
        assert (running.read("first.switch"), running.read("second.switch")) == ("0", "0")
