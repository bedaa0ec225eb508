"""An engine that is killed under traffic: what goes on, and where every frame went."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.support.hosts import between
from tests.support.pcap import write_pcap
from tests.support.running import Running, wait_until
from tests.support.traffic import Cable, Receiver, Sender, numbered_frame
from weft.errors import FunctionError
from weft.launcher import engine_binary
from weft.model.package import DRIVERS
from weft.server.groups import group_name
from weft.server.namespaces import NETNS_FOLDER, Namespace
from weft.vnf.management_agent import ManagementAgent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

WIRE = "FromDevice(in) -> seen :: Counter -> q :: Queue(4096) -> ToDevice(out);\n"
HELD = (
    "FromDevice(in) -> held :: Queue(1000) -> gate :: Unqueue(ACTIVE false)"
    " -> Queue(1000) -> ToDevice(out);\n"
)
# What one engine may hold outside its queues: what FromDevice took in one go and what ToDevice did.
MOST_IN_HAND = 64 + 64
PATIENCE_S = 10.0


@pytest.fixture
def pair(make_host: Callable[[str], Host]) -> tuple[Host, Host]:
    return make_host("left"), make_host("right")


def start(
    weft: Weft, pair: tuple[Host, Host], graph: str, folder: Path, driver: str = "af_packet"
) -> Running:
    config = folder / "f.click"
    config.write_text(graph)
    left, right = pair
    left.keep_silent()
    weft("run", str(config), "-d", "--driver", driver, *between(left, right))
    [row] = weft.ps()
    return Running(weft, row)


@pytest.fixture
def cable(pair: tuple[Host, Host]) -> Iterator[Callable[[Running], Cable]]:
    inside: list[Namespace] = []

    def watch(running: Running) -> Cable:
        inside.append(Namespace.of_process(running.row["pid"]))
        return Cable((pair[0].namespace, "eth0"), (inside[0], "out"))

    yield watch
    for namespace in inside:
        namespace.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_frame_around_a_kill_is_accounted_for(
    weft: Weft,
    pair: tuple[Host, Host],
    tmp_path: Path,
    cable: Callable[[Running], Cable],
    driver: str,
) -> None:
    """sent = received + drops by reason + what the killed engines had in hand."""
    running = start(weft, pair, WIRE, tmp_path, driver)
    assert running.read("FromDevice@1.method").startswith(driver)
    losses = cable(running)
    kills = 5
    counts: list[int] = []
    gaps_s = []
    with Receiver(pair[1]) as receiver, Sender(pair[0], rate_pps=20_000) as sender:
        sender.start()
        for number in range(kills):
            receiver.wait_for(len(receiver.numbers) + 2000)
            counts.append(int(running.read("seen.count")))
            killed_at = running.kill_engine()
            counts.append(int(running.read("seen.count")))
            running.wait_for_restart(number + 1)
            receiver.wait_for(len(receiver.numbers) + 2000)
            gaps_s.append(receiver.longest_gap_s(killed_at))
        sent = sender.stop()
        numbers = receiver.settle()
        counts.append(int(running.read("seen.count")))
        assert receiver.dropped() == 0
    print("longest ms without a frame after a kill:", [round(gap * 1e3, 1) for gap in gaps_s])
    assert numbers == sorted(set(numbers)), "a frame came twice, or was overtaken"
    assert counts == sorted(counts), "a counter went backwards"
    drops = running.drops()
    in_hand = sent - len(numbers) - sum(drops.values()) - losses.lost()
    print(f"sent {sent}, received {len(numbers)}, drops {drops}, in the killed engines {in_hand}")
    assert 0 <= in_hand <= kills * MOST_IN_HAND
    # What was counted and yet did not come, was in hand of an engine that was killed.
    assert int(running.read("q.length")) == 0
    assert 0 <= counts[-1] - drops.get("q: queue-full", 0) - len(numbers) <= kills * MOST_IN_HAND


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_frame_of_a_high_load_is_accounted_for(
    weft: Weft,
    pair: tuple[Host, Host],
    tmp_path: Path,
    cable: Callable[[Running], Cable],
    driver: str,
) -> None:
    """More frames a second than Python could send: packet sockets receive by a ring."""
    running = start(weft, pair, WIRE.replace("4096", "20000"), tmp_path, driver)
    losses = cable(running)
    count, kills, methods = 150_000, 3, []
    capture = tmp_path / "numbered.pcap"
    write_pcap(capture, (numbered_frame(number) for number in range(count)), gap_us=6)
    play = f"FromDump({capture}, TIMING true, STOP true) -> Queue({count}) -> t :: ToDevice(eth0);"
    with Receiver(pair[1]) as receiver:
        played = subprocess.Popen(
            [
                *("nsenter", f"--net={NETNS_FOLDER / pair[0].name}"),
                *(engine_binary(), "click", "-e", play, "-h", "t.count"),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(kills):
            receiver.wait_for_number((number + 1) * count // (kills + 1))
            methods.append(running.read("FromDevice@1.method"))
            running.kill_engine()
            running.wait_for_restart(number + 1)
        told, _ = played.communicate(timeout=60)
        assert told == f"{count}\n"
        numbers = receiver.settle()
        assert receiver.dropped() == 0
    drops = running.drops()
    in_hand = count - len(numbers) - sum(drops.values()) - losses.lost()
    print(f"killed while {methods}; drops {drops}, in the killed engines {in_hand}")
    assert numbers == sorted(set(numbers)), "a frame came twice, or was overtaken"
    assert 0 <= in_hand <= kills * MOST_IN_HAND


def test_packets_in_a_queue_outlive_the_engine(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = start(weft, pair, HELD, tmp_path)
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        for number, count in enumerate((300, 500), 1):
            sender.send(count)
            wait_until(lambda: int(running.read("held.length")), sender.sent)
            running.kill_engine()
            running.wait_for_restart(number)
            assert int(running.read("held.length")) == sender.sent
        assert receiver.settle() == []
        running.write("gate.active", "true")
        receiver.wait_for(sender.sent)
        assert receiver.settle() == list(range(sender.sent))
    assert running.drops() == {}


def test_drops_by_reason_outlive_the_engine(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = start(weft, pair, HELD.replace("Queue(1000) -> gate", "Queue(10) -> gate"), tmp_path)
    with Sender(pair[0]) as sender:
        sender.send(25)
        wait_until(running.drops, {"held: queue-full": 15})
        running.kill_engine()
        running.wait_for_restart(1)
        assert running.drops() == {"held: queue-full": 15}
        assert running.read("held.drops") == "15"
        sender.send(5)
        wait_until(running.drops, {"held: queue-full": 20})


def test_an_engine_that_dies_again_and_again_is_restarted_ever_later(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = start(weft, pair, WIRE, tmp_path)
    for number in range(1, 7):
        running.kill_engine()
        running.wait_for_restart(number)
    log = weft("logs", running.row["name"])
    pauses = re.findall(r"killed by signal 9, restart(?:ed|ing in (\d+) ms) \((\d)\)", log)
    # The first death may have come late enough not to count as quick.
    assert [int(number) for _, number in pauses] == [1, 2, 3, 4, 5, 6], log
    waits = [int(pause or 0) for pause, _ in pauses]
    assert waits in ([0, 10, 20, 40, 80, 160], [0, 0, 10, 20, 40, 80]), log
    with Receiver(pair[1]) as receiver, Sender(pair[0]) as sender:
        sender.send(100)
        receiver.wait_for(100)
        assert receiver.numbers == list(range(100))


def test_nothing_is_left_of_a_function_whose_init_is_killed(
    weft: Weft, pair: tuple[Host, Host], tmp_path: Path
) -> None:
    running = start(weft, pair, WIRE, tmp_path)
    engine = asyncio.run(ManagementAgent("f", running.folder).status()).engine_pid
    for pid in (running.row["pid"], engine):
        assert Path(f"/proc/{pid}").exists()
    with Sender(pair[0]) as sender:
        sender.start()
        os.kill(running.row["pid"], signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_S
        while any(Path(f"/proc/{pid}").exists() for pid in (running.row["pid"], engine)):
            assert time.monotonic() < deadline
        # The device goes away under the sender.
        while pair[0].links() or pair[1].links():
            assert time.monotonic() < deadline
    done = weft.popen("ps", "-o", "json").communicate()
    assert done == ("[]\n", "weft: 'f' was gone (its process 1 ended); its folder was removed\n")
    assert weft.folders() == []
    assert running.row["uuid"] not in Path("/proc/self/mountinfo").read_text()
    groups = Path("/sys/fs/cgroup")
    name = group_name(UUID(running.row["uuid"]))
    assert [path for path in (groups / name, *groups.glob(f"*/{name}")) if path.exists()] == []
    with pytest.raises(FunctionError):
        asyncio.run(ManagementAgent("f", running.folder).status())
