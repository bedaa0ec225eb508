"""The components of the guide for Click, in a running function between real hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.frames import ethernet, tcp
from tests.support.hosts import between
from tests.support.passing import frames_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "sdk" / "click" / "examples"
OURS, THEIRS = "02:00:00:00:00:01", "02:00:00:00:00:02"
TELNET = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 23)))
WEB = ethernet(THEIRS, OURS, 0x0800, tcp("10.9.0.1", "10.9.0.2", (4000, 80)))
HEAD = "weft: 1\nvnf: gate\nversion: 1.0.0\ninterfaces: [in, out]\ncomponents:\n"


def gate(folder: Path, text: str, *examples: str) -> str:
    place = folder / "gate"
    place.mkdir()
    (place / "vnf.yaml").write_text(HEAD + text)
    for name in examples:
        (place / name).write_bytes((EXAMPLES / name).read_bytes())
    return str(place)


def run(weft: Weft, make_host: Callable[[str], Host], package: str) -> tuple[Host, Host]:
    left, right = make_host("left"), make_host("right")
    left.keep_silent()
    right.keep_silent()
    weft("run", package, "-d", *between(left, right))
    return left, right


@pytest.mark.parametrize(
    ("isolate", "handler"),
    [("false", ["filter/dropped.count"]), ("true", ["filter.get", "dropped.count"])],
)
def test_the_first_component_drops_telnet(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path, isolate: str, handler: list[str]
) -> None:
    entry = f"  filter: {{framework: click, file: first.click, isolate: {isolate}}}\n"
    package = gate(tmp_path, f"{entry}path: in -> filter -> out; out -> in\n", "first.click")
    hosts = run(weft, make_host, package)
    assert frames_through(*hosts, [TELNET, WEB, TELNET]) == [WEB]
    assert weft("read", "gate", *handler) == "2\n"


def test_a_process_has_values_and_commands_of_its_own(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    """What it drops counts at the component."""
    entry = "  filter: {framework: click, file: values.click, isolate: true}\n"
    package = gate(tmp_path, f"{entry}path: in -> filter -> out; out -> in\n", "values.click")
    hosts = run(weft, make_host, package)
    assert frames_through(*hosts, [TELNET, WEB, TELNET]) == [WEB]
    assert weft("read", "gate", "filter.seen") == "2\n"
    assert weft("read", "gate", "filter.drops") == "dropped 2\n"
    weft("write", "gate", "filter.again")
    assert weft("read", "gate", "filter.seen") == "0\n"


@pytest.mark.parametrize("isolate", ["false", "true"])
def test_a_mark_is_seen_by_the_next_component(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path, isolate: str
) -> None:
    text = f"""\
  tag: {{framework: click, file: tag.click}}
  sort: {{framework: click, file: sort.click, isolate: {isolate}}}
  rest: {{framework: click, text: "input -> count :: Counter -> output;"}}
path: in -> tag -> sort -> out; sort[1] -> rest -> out
"""
    hosts = run(weft, make_host, gate(tmp_path, text, "tag.click", "sort.click"))
    assert sorted(frames_through(*hosts, [WEB, TELNET, WEB])) == sorted([WEB, TELNET, WEB])
    assert weft("read", "gate", "rest/count.count") == "2\n"


@pytest.mark.parametrize("name", ["first.click", "tag.click", "sort.click", "values.click"])
def test_the_examples_stand_in_the_guide(name: str) -> None:
    example = (EXAMPLES / name).read_text()
    guide = (ROOT / "docs" / "guides" / "components-click.md").read_text()
    assert f"```click\n{example}```" in guide
    assert len(example.splitlines()) < 20
