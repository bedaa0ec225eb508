"""What the guides show is what is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.vnf.invented import Native
from weft.model.package import PackageFile
from weft.vnf.forwarder import graph_of
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.frameworks.framework import PROCESS_KEYS
from weft.vnf.manifest import read_manifest

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "compose.md"
FILES = (PackageFile("filter.c", b""), PackageFile("alarm.py", b""))


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.usefixtures("invented")
def test_the_package_of_the_guide_becomes_the_graph_of_the_guide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("c", "python"):  # without their tools
        monkeypatch.setitem(FRAMEWORKS, name, Native())
    [manifest] = blocks("yaml")
    package, problems = read_manifest([PackageFile("vnf.yaml", manifest.encode()), *FILES])
    assert package is not None, problems
    lines = [line for line in graph_of(package).splitlines() if not line.startswith("# ")]
    graph = "\n".join(lines).replace("{\ninput", "{ input").replace(";\n};", "; };")
    [shown] = blocks("click")
    for line in shown.splitlines():
        assert line in graph.splitlines()


def test_the_guide_tells_every_key() -> None:
    told = re.findall(r"^\| `(\w+)` \|", GUIDE.read_text().split("## All keys")[1], re.MULTILINE)
    shared = {"framework", "file", "text", "requirements", "interfaces", *PROCESS_KEYS}
    assert set(told) == shared
