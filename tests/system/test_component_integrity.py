"""Packets through chains of components in several languages: every byte, in order, none lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.component import chain, graph, part
from bench.component_integrity import CHAINS, carried
from bench.figure import BrokenRunError
from bench.setting import Setting
from weft.launcher import engine_binary

if TYPE_CHECKING:
    from pathlib import Path

PACKETS = 100_000


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path, engine_binary(), "weft")


@pytest.mark.parametrize("length", [64, 1500])
@pytest.mark.parametrize("name", CHAINS)
def test_every_packet_comes_through_a_chain_intact(
    setting: Setting, name: str, length: int
) -> None:
    assert carried(setting, CHAINS[name], length, PACKETS) == PACKETS


def test_one_changed_byte_is_noticed(setting: Setting) -> None:
    twice = ("pass.c", "pass.c")
    parts = [
        part(setting, "stamp", "stamp.c"),
        *(part(setting, f"pass{index}", file, "0") for index, file in enumerate(twice)),
        part(setting, "check", "check.c", "64", "2"),
    ]
    source = "InfiniteSource(LENGTH 64, LIMIT 1000, BURST 64)"
    with graph(setting, chain(source, parts, ", FALLBACK hold"), parts) as running:
        running.wait_until("out.count", "1000")
        assert (running.read("check.right"), running.read("check.wrong")) == ("0", "1000")


def test_a_lost_packet_is_noticed(setting: Setting) -> None:
    parts = [
        part(setting, "stamp", "stamp.c"),
        part(setting, "check", "check.c", "64", "0"),
    ]
    config = (
        "InfiniteSource(LENGTH 64, LIMIT 1000, BURST 64)"
        " -> stamp :: Component(stamp, FALLBACK hold) -> some :: RoundRobinSwitch"
        " -> check :: Component(check, FALLBACK hold) -> out :: Counter -> Discard;"
        " some[1] -> Discard;\n"
    )
    with graph(setting, config, parts) as running:
        running.wait_until("out.count", "500")
        assert (running.read("check.right"), running.read("check.wrong")) == ("1", "499")


def test_a_component_that_ends_breaks_the_run(setting: Setting) -> None:
    parts = [part(setting, "check", "check.c")]  # without its arguments
    with (
        pytest.raises(BrokenRunError, match="check ended"),
        graph(setting, chain("InfiniteSource(LENGTH 64)", parts), parts),
    ):
        pass
