"""The examples of the guides for service function chains: shown whole, and they do what they say."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench, frame
from tests.support.component_children import Kind
from tests.system.components.test_chains import Header, edge_drops, sides
from weft.launcher import engine_binary, sdk_folder

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
SHOWN = {
    "c": ("c/examples/chain.c", "c"),
    "python": ("python/examples/chain.py", "python"),
    "java": ("java/examples/Chain.java", "java"),
    "javascript": ("javascript/examples/chain.mjs", "javascript"),
    "click": ("click/examples/chain.click", "click"),
}
GOLD = bytes.fromhex("01000104") + b"gold"
SILVER = bytes.fromhex("01000106") + b"silver\0\0"
SEEN = bytes.fromhex("01000203") + b"yes\0"
TOLD = bytes(12) + b"\x88\xb5no tenant"


def c(folder: Path, outputs: int) -> list[str]:
    return [str(sdk_folder() / "c" / "chain")]


def python(folder: Path, outputs: int) -> list[str]:
    return [sys.executable, str(ROOT / "sdk" / SHOWN["python"][0])]


def java(folder: Path, outputs: int) -> list[str]:
    sdk = sdk_folder() / "java"
    classes = f"{sdk / 'weft-component.jar'}:{sdk / 'examples'}"
    return ["java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classes, "Chain"]


def javascript(folder: Path, outputs: int) -> list[str]:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "weft-component").symlink_to(sdk_folder() / "javascript")
    shutil.copy(ROOT / "sdk" / SHOWN["javascript"][0], folder)
    return ["node", str(folder / "chain.mjs")]


def click(folder: Path, outputs: int) -> list[str]:
    return [engine_binary(), "component", "--graph", str(ROOT / "sdk" / SHOWN["click"][0])]


@pytest.mark.parametrize("language", SHOWN)
def test_the_guide_shows_the_example_as_it_is(language: str) -> None:
    example, fence = SHOWN[language]
    guide = (ROOT / "docs" / "guides" / f"components-{language}.md").read_text()
    assert f"```{fence}\n{(ROOT / 'sdk' / example).read_text()}```" in guide


def exchanged(
    command: Callable[[Path, int], list[str]], folder: Path, headers: list[Header]
) -> Bench:
    environment = {"PYTHONPATH": str(ROOT / "src")}
    bench = Bench(Kind("chain", command, environment=environment), folder)
    frames = [frame(0, 0, 64, n) for n in range(len(headers))]
    bench.exchange([h.before(f) for h, f in zip(headers, frames, strict=True)], sides())
    return bench


@pytest.mark.parametrize("command", [c, python, java, javascript])
def test_packets_are_sent_on_labelled_or_told_of(
    command: Callable[[Path, int], list[str]], tmp_path: Path
) -> None:
    gold, silver = Header(tlvs=GOLD), Header(tlvs=SILVER)
    none = Header()
    bench = exchanged(command, tmp_path, [gold, silver, none])
    frames = [frame(0, 0, 64, n) for n in range(3)]
    try:
        [received] = bench.outputs()
        expected = [
            replace(gold, spi=20, si=255).before(frames[0]),
            replace(silver, si=199, tlvs=SILVER + SEEN).before(frames[1]),
            none.passed().before(TOLD),
            none.passed().before(frames[2]),
        ]
        assert sorted(received) == sorted(expected)
        assert edge_drops(bench) == bench.drops == {}
    finally:
        bench.close()


def test_the_click_example_labels_and_sends_on(tmp_path: Path) -> None:
    ten, eleven, other = (Header(spi=spi, tlvs=SILVER) for spi in (10, 11, 12))
    bench = exchanged(click, tmp_path, [ten, eleven, other])
    frames = [frame(0, 0, 64, n) for n in range(3)]
    try:
        expected = [
            replace(ten, si=199, tlvs=SILVER + SEEN).before(frames[0]),
            replace(eleven, spi=20, si=255).before(frames[1]),
            other.passed().before(frames[2]),
        ]
        [received] = bench.outputs()
        assert sorted(received) == sorted(expected)
    finally:
        bench.close()
