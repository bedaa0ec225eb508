"""Packages made for other systems run: their programs as they are, their Click text as ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.coven import archive, coven_files
from tests.support.frames import ethernet
from tests.support.passing import frames_through

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.system.conftest import Weft


def frame(number: int, word: bytes) -> bytes:
    """A frame of 1400 bytes: over TCP without borders many of them would become one."""
    payload = (b"%06d" % number + word * 300)[:1386]
    return ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x88B5, payload)


def test_a_coven_package_runs_as_it_is(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    file = tmp_path / "blocker.coven"
    file.write_bytes(archive(coven_files()))
    folder = tmp_path / "blocker"
    told = json.loads(weft("package", "import", str(file), "--into", str(folder), "-o", "json"))
    assert told["components"] == {"block": "coven", "count": "click"}
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    weft(
        *("run", str(folder), "-d", "-i", f"eth0=netns:{left.name}:eth0"),
        *("-i", f"eth1=netns:{right.name}:eth0"),
    )
    frames = [frame(number, b"skype" if number % 10 == 0 else b"other") for number in range(60)]
    assert frames_through(left, right, frames) == [one for one in frames if b"skype" not in one]
    assert weft("read", "blocker", "block.Packets").strip() == "61"  # with the last one
    assert weft("read", "blocker", "block.Nonsense").strip() == "INVALID REQUEST!!"
    assert json.loads(weft("read", "blocker", "block.packets")) == {
        **{"sent": 61, "answered": 55, "unanswered": 6, "late": 0},
    }
    assert weft("read", "blocker", "count/seen.count").strip() == "55"


def test_a_coven_program_that_ends_is_told_and_started_again(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    files = coven_files()
    files["SourceCode/block.py"] = b"import sys\nsys.exit(3)\n"
    file = tmp_path / "blocker.coven"
    file.write_bytes(archive(files))
    weft("package", "import", str(file), "--into", str(tmp_path / "blocker"))
    left, right = make_host("left"), make_host("right")
    complaint = weft(
        *("run", str(tmp_path / "blocker"), "-d", "-i", f"eth0=netns:{left.name}:eth0"),
        *("-i", f"eth1=netns:{right.name}:eth0"),
        status=1,
    )
    assert "'blocker' did not start" in complaint
    assert "the program cannot go on: it has ended with status 3" in complaint
    assert weft.ps() == []


CLICK_ON_OSV = """//VNF_HEADER
//VNF_VERSION: 1.0
//VNF_ID:9196f99f-2270-48f4-a814-57206e658d24
//VNF_PROVIDER:Example
//VNF_NAME: Wire and Counter
//VNF_RELEASE_DATE:2017-04-08 21-45-45
//VNF_RELEASE_VERSION:1.2
//VNF_RELEASE_LIFESPAN:2017-06-08 21-45
//VNF_DESCRIPTION: Passes and counts
out :: ToDPDKDevice(1);
FromDPDKDevice(0) -> seen :: Counter -> out;
FromDPDKDevice(1, PROMISC true) -> ToDPDKDevice(0);
"""


def test_a_click_on_osv_file_runs(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    file = tmp_path / "func.click"
    file.write_text(CLICK_ON_OSV)
    told = json.loads(
        weft("package", "import", str(file), "--into", str(tmp_path / "made"), "-o", "json")
    )
    assert (told["vnf"], told["version"]) == ("wire-and-counter", "1.2")
    left, right = make_host("left"), make_host("right")
    for host in (left, right):
        host.keep_silent()
    weft(
        *("run", str(tmp_path / "made"), "-d", "-i", f"port0=netns:{left.name}:eth0"),
        *("-i", f"port1=netns:{right.name}:eth0"),
    )
    frames = [frame(number, b"any") for number in range(20)]
    assert frames_through(left, right, frames) == frames
    assert weft("read", "wire-and-counter", "seen.count").strip() == "21"
