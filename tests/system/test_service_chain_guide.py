"""The guide on service chains: its packages are read, and its commands run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from weft.model.package import PackageFile
from weft.vnf.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.hosts import Host
    from tests.system.conftest import Weft

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "service-chains.md"
TABLE_HEAD = "weft: 1\nvnf: sff\nversion: 1.0.0\ninterfaces: [a, b]\n"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_forwarder_of_the_guide_is_read() -> None:
    [_, _, table] = blocks("yaml")
    package, problems = read_manifest([PackageFile("vnf.yaml", (TABLE_HEAD + table).encode())])
    assert problems == []
    assert package is not None
    assert package.nsh is not None
    assert [hop.interface for hop in package.nsh.table] == ["a", "b"]


def test_the_chain_of_the_guide_does_what_the_guide_says(
    weft: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    for name, text in zip(("ends", "firewall"), blocks("yaml"), strict=False):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vnf.yaml").write_text(text)
    start, change, _ = blocks("sh")
    left, right = make_host("left"), make_host("right")
    try:
        assert answered(run(start, weft, (left, right), tmp_path)) == [3]
        said = run(change, weft, (left, right), tmp_path)
    finally:
        weft("off", "--all")
        run(
            "ip link del cable0 2>&- || true\nip link del cable2 2>&- || true",
            weft,
            (left, right),
            tmp_path,
        )
    assert answered(said) == [3]
    counts = [int(line) for line in said.splitlines() if line.isdigit()]
    assert counts[0] >= 4  # three pings, and at least one question of ARP
    assert counts[1] >= 4
    assert counts[-2] == 3


def run(script: str, weft: Weft, hosts: tuple[Host, Host], folder: Path) -> str:
    """What the commands print, with names of their own for what the server has only once."""
    for role, host in zip(("left", "right"), hosts, strict=True):
        script = re.sub(rf"\bip netns add {role}\n", "", script)
        script = re.sub(
            rf"(?<=netns:){role}\b|(?<=-n ){role}\b|(?<=exec ){role}\b", host.name, script
        )
    script = re.sub(r"\bcable(\d)", rf"wt{os.getpid()}c\1", script)
    command = f"{sys.executable} -c 'from weft.cli.main import main; main()' \"$@\""
    text = f"set -e\nweft() {{ {command}; }}\n{script}"
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=weft.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answered(said: str) -> list[int]:
    """The pings that were answered, of each row of them."""
    return [int(count) for count in re.findall(r"(\d+) received", said)]
