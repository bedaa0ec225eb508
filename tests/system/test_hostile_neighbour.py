"""A component that writes random bytes over all memory it shares, beside another function, under traffic.

WEFT_SCRIBBLE_S: for how many seconds; else 1.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.component_function import NAME, ComponentFunction
from weft.launcher import sdk_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

SCRIBBLE_S = float(os.environ.get("WEFT_SCRIBBLE_S", "1"))
HOSTILE = "framework: c, file: hostile, limit: 200ms, arguments: [scribble, '{}', '1'], isolate: {}"
# What may become of packets that such a component has, as the engine counts it.
REASONS = {
    *("component", "component-away", "component-hung", "component-lost", "hold-full"),
    *("ring-full", "violation"),
}


@pytest.mark.parametrize("isolate", ["true", "private"])
def test_the_other_function_loses_and_changes_nothing(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path, isolate: str
) -> None:
    first = (sdk_folder() / "c" / "first").read_bytes()
    hostile = (sdk_folder() / "c" / "hostile").read_bytes()
    entry = HOSTILE.format(int(SCRIBBLE_S) + 600, isolate)
    with (
        ComponentFunction(
            weft, make_host, tmp_path, "framework: c, file: first", {"first": first}, "good"
        ) as good,
        ComponentFunction(weft, make_host, tmp_path, entry, {"hostile": hostile}, "hostile") as bad,
    ):
        end = time.monotonic() + SCRIBBLE_S
        bad.sender.start()
        good.flow()
        while time.monotonic() < end or bad.process.restarts == 0:
            good.some()
        bad.sender.stop()
        sent = good.settle()
        assert good.receiver.numbers == list(range(sent))
        assert good.altered() == []
        assert good.drops() == {}
        for function in (good, bad):
            status = function.status()
            engine = function.row["engine_pid"]
            assert (status.restarts, status.state, status.engine_pid) == (0, "active", engine)
        assert good.process.restarts == 0
        drops = bad.drops()
        print(f"sent {sent} beside {bad.process.restarts} ends of the scribbler, drops {drops}")
        of_component = {item.removeprefix(f"{NAME}: ") for item in drops if item.startswith(NAME)}
        assert of_component <= REASONS
        assert "component 'work' cut off: " in weft("logs", "hostile")
