"""Runs on capture files, as any user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import frames
from tests.support.pcap import read_pcap, write_pcap
from weft.cli.main import run
from weft.vnf.template import make_package

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = [
    frames.ethernet(
        "02:00:00:00:00:02",
        "02:00:00:00:00:01",
        0x0800,
        frames.echo("10.0.0.1", "10.0.0.2", number=n),
    )
    for n in range(5)
]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    make_package("wire")
    write_pcap(tmp_path / "in.pcap", FRAMES)


def test_a_package_runs_from_file_to_file(tmp_path: Path) -> None:
    arguments = ["run", "wire", "-i", "in=pcap:in.pcap:back.pcap", "-i", "out=pcap::sent.pcap"]
    assert run(arguments) == 0
    assert read_pcap(tmp_path / "sent.pcap") == FRAMES
    assert read_pcap(tmp_path / "back.pcap") == []


def test_a_click_file_runs_where_the_caller_is(tmp_path: Path) -> None:
    (tmp_path / "tee.click").write_text(
        "FromDevice(a) -> t :: Tee(2) -> ToDump(first.pcap); t[1] -> Queue -> ToDevice(b);\n"
    )
    assert run(["run", "tee.click", "-i", "a=pcap:in.pcap", "-i", "b=pcap::second.pcap"]) == 0
    assert read_pcap(tmp_path / "first.pcap") == FRAMES
    assert read_pcap(tmp_path / "second.pcap") == FRAMES


def test_without_root_a_sandbox_is_refused_with_the_way_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["run", "wire", "-i", "in=eth9", "-i", "out=netns:x"]) == 1
    assert capsys.readouterr().err == (
        "weft: a sandbox needs root\n"
        "weft: hint: run `sudo weft run ...`; without root, interfaces can be `pcap:IN[:OUT]` files\n"
    )


def test_a_run_on_files_cannot_be_detached(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "wire", "-d", "-i", "in=pcap:in.pcap", "-i", "out=pcap:in.pcap"]) == 2
    assert capsys.readouterr().err == "weft: -d: a run on pcap files ends by itself; leave out -d\n"


def test_a_capture_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["run", "wire", "-i", "in=pcap:nope.pcap", "-i", "out=pcap::x.pcap"]) == 1
    assert capsys.readouterr().err == (
        f"weft: interface 'in': {tmp_path}/nope.pcap: No such file or directory\n"
        "weft: hint: give a capture file, as `tcpdump -w FILE` writes it\n"
    )
    assert not (tmp_path / "x.pcap").exists()


@pytest.mark.parametrize(
    "joins",
    [
        ("in=pcap:in.pcap:in.pcap", "out=pcap:in.pcap"),
        ("in=pcap::x.pcap", "out=pcap:in.pcap:x.pcap"),
    ],
    ids=["read", "written"],
)
def test_a_capture_that_is_in_use_is_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], joins: tuple[str, str]
) -> None:
    assert run(["run", "wire", "-i", joins[0], "-i", joins[1]]) == 1
    complaint, hint = capsys.readouterr().err.splitlines()
    assert complaint.endswith(".pcap is read or written already")
    assert hint == "weft: hint: give each output a file of its own"
    assert read_pcap(tmp_path / "in.pcap") == FRAMES
