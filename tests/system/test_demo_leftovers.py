"""What the demo tells as left behind is its own, whatever else runs on the machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.leftovers import leftovers, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

CLICK = "FromDevice(in) -> Discard;\n"


def test_functions_of_others_are_not_told(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    (tmp_path / "vnf.yaml").write_text(
        "weft: 1\nvnf: other\nversion: 1.0.0\ninterfaces: [in]\nresources: {memory: 64MiB}\n"
        "components:\n  graph: {framework: click, file: a.click}\n"
    )
    (tmp_path / "a.click").write_text(CLICK)
    host, before = make_host("left"), snapshot()
    weft("run", str(tmp_path), "-d", "-i", f"in=netns:{host.name}:eth0")
    assert leftovers(before) == []


@pytest.mark.usefixtures("_root")
def test_what_is_left_of_the_demo_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("demo.leftovers._SETTLING_S", 0.0)
    before = snapshot()
    folder = Path("/run") / f"weft-demo-{os.getpid()}"
    folder.mkdir()
    try:
        assert leftovers(before) == [f"file {folder}"]
    finally:
        folder.rmdir()
