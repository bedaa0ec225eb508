"""Components in Click in processes of their own, in a running function between real hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

MANIFEST = """weft: 1
vnf: gate
version: 1.0.0
interfaces: [in, out]
components:
  there: {framework: click, isolate: true, text: "input -> seen :: Counter -> output;"}
  back: {framework: click, isolate: private, file: back.click}
path: |
  in -> there -> out
  out -> back -> in
"""
BACK = "input\n  -> queue :: Queue\n  -> Unqueue\n  -> seen :: Counter\n  -> output;\n"


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    package = tmp_path / "gate"
    package.mkdir()
    (package / "vnf.yaml").write_text(MANIFEST)
    (package / "back.click").write_text(BACK)
    return package


def test_frames_pass_isolated_click_components_both_ways(
    weft: Weft, make_host: Callable[[str], Host], gate: Path
) -> None:
    left, right = make_host("left"), make_host("right")
    assert weft("run", str(gate), "-d", *between(left, right)) == "gate\n"
    left.configure("eth0", "10.9.0.1")
    right.configure("eth0", "10.9.0.2")
    pinged = left.run(["ping", "-n", "-c", "3", "-i", "0.02", "-W", "2", "10.9.0.2"])
    assert pinged.returncode == 0, pinged.stdout
    for name in ("there", "back"):
        assert weft("read", "gate", f"{name}.state") == "ready\n"
        assert int(weft("read", "gate", f"{name}.get", "seen.count")) >= 3
    weft("write", "gate", "back.set", "seen.reset")
    assert int(weft("read", "gate", "back.get", "seen.count")) <= 2
    assert "no element" in weft("read", "gate", "back.get", "nothing.count", status=1).lower()


def test_what_an_isolated_graph_refuses_is_told_before_it_starts(weft: Weft, gate: Path) -> None:
    (gate / "back.click").write_text("input\n  -> Counter(1)\n  -> output;\n")
    said = weft("run", str(gate), "-d", status=1)
    assert "back.click:2: While configuring 'back/Counter" in said, said
    assert weft.ps() == []
