"""The guide to signed packages, step by step, and what runs at its end, on real traffic."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.hosts import between

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "signed-packages.md"
WEFT = f'#!/bin/sh\nexec {sys.executable} -c "from weft.cli.main import main; main()" "$@"\n'
LEFT, RIGHT = "10.9.0.1", "10.9.0.2"


def steps() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(weft: Weft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Runs what stands in the guide, in a folder of its own; we are root already."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("weft", WEFT), ("sudo", '#!/bin/sh\nexec "$@"\n')):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    path = f"{programs}:{os.environ['PATH']}"

    def run(text: str) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", text],
            env={**weft.environment, "PATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_guide_leads_to_a_signed_function_that_runs(
    weft: Weft, shell: Callable[[str], str], make_host: Callable[[str], Host]
) -> None:
    left, right = make_host("left"), make_host("right")
    *before, last = steps()
    said = "".join(shell(step) for step in before)
    assert "meter-0.1.0.csar: signed by CN=Ann,O=Example\n" in said
    assert "meter@0.1.0: signed by CN=Ann,O=Example\n" in said
    shell(
        last.replace("netns:client", f"netns:{left.name}").replace(
            "netns:server", f"netns:{right.name}"
        )
    )
    left.configure("eth0", LEFT)
    right.configure("eth0", RIGHT)
    pinged = left.run(["ping", "-n", "-c", "3", "-i", "0.02", "-W", "2", RIGHT])
    assert pinged.returncode == 0, pinged.stdout
    assert int(weft("read", "meter", "counter.count")) >= 3
    kept = json.loads(weft("package", "show", "meter@0.1.0", "-o", "json"))
    shown = json.loads(weft("show", "meter", "-o", "json"))
    assert (kept["signed_by"], kept["untrusted"]) == ("CN=Ann,O=Example", None)
    assert shown["digest"] == kept["digest"]

    # It keeps what it was started from when that leaves the store, and when nobody is trusted more.
    weft("package", "policy", "--distrust", "authority.pem")
    assert weft("run", "meter@0.1.0", "--name", "other", "-d", status=1) == (
        "weft: meter@0.1.0: 1 problem\n"
        "  signature: 'CN=Ann,O=Example' is not trusted: no certificate is\n"
    )
    weft("package", "remove", "meter")
    assert left.run(["ping", "-n", "-c", "1", "-W", "2", RIGHT]).returncode == 0


def test_a_function_changes_to_a_version_in_the_store(
    weft: Weft, shell: Callable[[str], str], make_host: Callable[[str], Host]
) -> None:
    left, right = make_host("left"), make_host("right")
    shell("weft package init wire; weft package push wire")
    shell(
        "sed -i 's/version: .*/version: 0.2.0/; s/counter:/meter:/; s/-> counter/-> meter/' wire/vnf.yaml"
    )
    shell("weft package push wire; rm -r wire")
    joined = [
        *between(left, right),
    ]
    weft("run", "wire@0.1.0", "-d", *joined)
    left.configure("eth0", LEFT)
    right.configure("eth0", RIGHT)
    weft("reconfigure", "wire", "wire@>0.1")
    assert left.run(["ping", "-n", "-c", "2", "-i", "0.02", "-W", "2", RIGHT]).returncode == 0
    assert int(weft("read", "wire", "meter/count.count")) >= 2
    shown = json.loads(weft("show", "wire", "-o", "json"))
    kept = json.loads(weft("package", "show", "wire@0.2.0", "-o", "json"))
    assert (shown["package"], shown["digest"]) == ("wire 0.2.0", kept["digest"])


def test_an_archive_runs_from_file_to_file(shell: Callable[[str], str]) -> None:
    from tests.support.frames import echo, ethernet
    from tests.support.pcap import read_pcap, write_pcap

    frame = ethernet("02:00:00:00:00:02", "02:00:00:00:00:01", 0x0800, echo("10.0.0.1", "10.0.0.2"))
    write_pcap(Path("in.pcap"), [frame])
    shell("weft package init wire; weft package build wire -o archive")
    shell("weft run archive -i in=pcap:in.pcap -i out=pcap::out.pcap")
    assert read_pcap(Path("out.pcap")) == [frame]
