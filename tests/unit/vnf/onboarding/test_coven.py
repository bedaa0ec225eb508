"""COVEN archives: what becomes of them, and what is wrong with them, by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.coven import INSTALL, archive, coven_files
from weft.cli.main import run
from weft.errors import CovenError, PackageError
from weft.model.package import PackageFile
from weft.vnf.onboarding.coven import onboard_coven
from weft.vnf.onboarding.importing import onboard_bytes

if TYPE_CHECKING:
    from pathlib import Path


def files(install: str = INSTALL) -> list[PackageFile]:
    return [PackageFile(name, content) for name, content in coven_files(install).items()]


def test_an_archive_becomes_a_package() -> None:
    onboarded = onboard_coven(files(), "blocker.coven")
    contents = {file.name: file.content.decode() for file in onboarded.files}
    assert contents["vnf.yaml"] == (
        "weft: 1\nvnf: blocker\nversion: 0.0.0\nprovider: unknown\n"
        "description: Made from a COVEN package\ninterfaces:\n- eth0\n- eth1\n"
        "components:\n  block:\n    framework: coven\n    file: SourceCode/block.py\n"
        "    input: 10010\n    output: 10011\n    capacity: 4096\n    limit: 30s\n"
        "    arguments:\n    - '10010'\n    - '10011'\n    - '10020'\n    - skype\n"
        "    agent: 10020\n    requests:\n    - Packets=PP\n    - Nonsense=XX\n"
        "  count:\n    framework: click\n    text: |\n"
        "      input -> seen :: Counter -> output;\n"
        "path: |\n  eth0 -> block -> count -> eth1;\n"
    )
    assert onboarded.notes == ()
    assert contents["SourceCode/block.py"] == coven_files()["SourceCode/block.py"].decode()


def test_a_processor_of_nsh_becomes_a_proxy() -> None:
    onboarded = onboard_coven(files(INSTALL.replace("NSHP: False", "NSHP: True")), "x.coven")
    assert b"nsh: proxy" in next(f.content for f in onboarded.files if f.name == "vnf.yaml")


@pytest.mark.parametrize(
    ("before", "after", "part", "message"),
    [
        ("PPS:", "PPS: [", "YAML", "Scripts/install.yaml:2: not YAML: "),
        ("PPS:", "PSP:", "PPS", "Scripts/install.yaml: missing key 'PPS'"),
        (
            "Click",
            "Perl",
            "PPS",
            "Framework: 'PerlFramework' is not known; allowed: Python3, Click",
        ),
        ("Order: 2", "Order: 3", "PPS", "PPS: Order: 1, 3; allowed: 1 to 2, each once"),
        ("count.cli", "other.cli", "PPS", "File: no file 'SourceCode/other.cli' in the package"),
        ("File: Source", "File: /../Source", "PPS", None),
        ("Input: 10010", "Input: 0", "PPS", "Input: '0' is not a TCP port"),
        ("VNS:", "NVS:", "VNS", "missing key 'VNS'"),
        ("Input: [eth0]", "Input: []", "VNS", "VNS: Input: no device"),
        ("NSHP: False", "NSHP: maybe", "NSHP", "NSHP: 'maybe' is not known; allowed: True, False"),
        ("Port: 10020", "Tor: 10020", "MA", "EMA: 'block' has requests and no Port"),
    ],
)
def test_what_is_wrong_is_told_by_part(
    before: str, after: str, part: str, message: str | None
) -> None:
    changed = files(INSTALL.replace(before, after, 1))
    if message is None:  # wherever COVEN had unpacked it, the member is meant
        onboard_coven(changed, "x.coven")
        return
    with pytest.raises(CovenError) as caught:
        onboard_coven(changed, "x.coven")
    assert caught.value.part == part
    assert any(message in str(problem) for problem in caught.value.problems)


def test_an_archive_without_configuration_is_none() -> None:
    with pytest.raises(PackageError, match=r"not understood; allowed: a CSAR"):
        onboard_bytes(archive({"a": b""}), "x.coven")


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out"])
def test_members_that_leave_their_folder_are_refused(tmp_path: Path, name: str) -> None:
    made = tmp_path / "x.coven"
    made.write_bytes(archive({**coven_files(), name: b"x"}))
    before = sorted(tmp_path.parent.rglob("*"))
    assert run(["package", "import", str(made), "--into", str(tmp_path / "made")]) == 1
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_folder_that_is_there_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "blocker.coven"
    made.write_bytes(archive(coven_files()))
    into = tmp_path / "blocker"
    into.mkdir()
    assert run(["package", "import", str(made), "--into", str(into)]) == 2
    assert capsys.readouterr().err == f"weft: '{into}' is there already; nothing was changed\n"
    assert list(into.iterdir()) == []
