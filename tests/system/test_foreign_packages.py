"""Packages of other makers by command and by REST: kept, told, refused where they cannot run."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.serving import serving
from tests.support.vendors import csar, listed, units, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.hosts import Host
    from tests.support.serving import Server
    from tests.system.conftest import Weft

IMAGE = "Files/images/web.qcow2"
UNIT = f"web: {{type: acme.Vdu, artifacts: {{sw_image: {{file: ../{IMAGE}}}}}}}"
MIB = 2**20
WHY = f"image '../{IMAGE}' is of a virtual machine"
RUNS = "what runs: Click, C, Python, Java, JavaScript and programs"
CLICK = "FromDevice(lan) -> Queue -> ToDevice(wan);\nFromDevice(wan) -> Queue -> ToDevice(lan);\n"


@pytest.fixture(params=["without a server", "with a server"])
def either(weft: Weft, request: pytest.FixtureRequest) -> Iterator[Weft]:
    """The command line, on its own and asking a server."""
    if request.param == "without a server":
        yield weft
        return
    with serving(weft) as server:
        weft.environment["WEFT_SERVER"] = f"unix:{server.path}"
        yield weft
        weft("off", "--all")
    del weft.environment["WEFT_SERVER"]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """An archive that is larger than all that is ever held in memory: its image is random."""
    path = tmp_path / "ims.csar"
    image = os.urandom(MIB)
    files = csar({"simple": units(UNIT)}, {IMAGE: image * 90})
    path.write_bytes(zipped(files, zipfile.ZIP_STORED))
    return path


def test_what_cannot_run_is_kept_and_told(either: Weft, large: Path) -> None:
    told = either("package", "push", str(large), status=3)
    assert told == f"weft: it cannot be run: web (simple): {WHY}\n"
    kept = [row for row in json.loads(either("package", "list", "-o", "json")) if not row["runs"]]
    assert [(row["name"], row["version"], row["provider"]) for row in kept] == [
        ("ims-core", "21.4", "ACME Networks")
    ]
    shown = either("package", "show", "ims-core")
    assert "descriptor id  b1bb0ce7-ebca-4fa7-95ed-4840d70a1177\n" in shown
    line = f"not  deployment unit web (simple) ({90 * MIB} bytes): {WHY}; {RUNS}\n"
    assert line in shown
    refused = either("run", "ims-core", "-d", status=1)
    assert refused.startswith(
        f"weft: ims-core@21.4: nothing of it can be run here\n  web (simple): {WHY}; {RUNS}\n"
    )
    assert either("run", str(large), "-d", status=1).startswith(
        f"weft: {large}: nothing of it can be run here\n"
    )
    assert either.folders() == []
    either("package", "remove", "ims-core")
    assert json.loads(either("package", "list", "ims", "-o", "json")) == []


def test_an_import_keeps_what_cannot_run_or_unpacks_it(
    either: Weft, large: Path, tmp_path: Path
) -> None:
    told = either("package", "import", str(large), status=3)
    assert f"weft: note: web (simple): {WHY}; {RUNS}\n" in told
    assert json.loads(either("package", "show", "ims-core", "-o", "json"))["runs"] is False
    folder = tmp_path / "ims"
    either("package", "import", str(large), "--into", str(folder), status=3)
    assert (folder / IMAGE).stat().st_size == 90 * MIB
    assert f"- `web (simple)`: {WHY}" in (folder / "ONBOARDING.md").read_text()


def test_what_can_run_of_an_archive_runs_from_the_store(
    either: Weft, make_host: Callable[[str], Host], tmp_path: Path
) -> None:
    unit = "web: {type: acme.Vdu, artifacts: {sw_image: {file: ../Files/web.click}}}"
    points = "  substitution_mappings: {requirements: [lan: [a, b], wan: [c, d]]}\n"
    files = csar({}, {"Files/web.click": CLICK.encode(), IMAGE: bytes(20 * MIB)})
    del files["ims.mf"]
    top = files["Definitions/ims_top.vnfd.yaml"].decode().replace("  inputs:", f"{points}  inputs:")
    files["Definitions/ims_top.vnfd.yaml"] = (top + units(unit)).encode()
    path = tmp_path / "ims.csar"
    path.write_bytes(zipped({**files, "ims.mf": listed(files)}))
    assert either("package", "push", str(path)) == "ims-core@21.4\n"
    left, right = make_host("left"), make_host("right")
    links = ("-i", f"lan=netns:{left.name}:eth0", "-i", f"wan=netns:{right.name}:eth0")
    either("run", "ims-core@21.4", "-d", *links)
    assert [(row["name"], row["state"]) for row in either.ps()] == [("ims-core", "active")]
    either("off", "ims-core")


@pytest.fixture
def server(weft: Weft) -> Iterator[Server]:
    with serving(weft) as running:
        yield running


def test_rest_keeps_and_hands_out_large_archives(server: Server, large: Path) -> None:
    content = large.read_bytes()
    headers = {"Content-Type": "application/zip", "Idempotency-Key": "once"}
    for _ in range(2):
        made = server.ask("POST", "/v1/packages?called=ims.csar", content, headers)
        assert made.status == 201, made.body
        facts = made.json()
        assert (facts["runs"], facts["archive"]) == (False, "foreign")
        assert facts["parts"][0]["told"] == f"{WHY}; {RUNS}"
    there = made.headers["location"]
    whole = server.ask("GET", f"{there}/content").body
    assert hashlib.sha256(whole).digest() == hashlib.sha256(content).digest()
    part = server.ask("GET", f"{there}/content", headers={"Range": "bytes=1000000-1000009"})
    assert (part.status, part.body) == (206, content[1000000:1000010])
    refused = server.ask("POST", "/v1/functions", {"package": "ims-core"})
    assert (refused.status, refused.json()["type"]) == (422, "urn:weft:problem:not-runnable")
    assert server.ask("DELETE", there).status == 200


def test_a_limit_that_is_no_size_is_told_as_the_server_starts(weft: Weft) -> None:
    weft.environment["WEFT_ARCHIVE_LIMIT"] = "much"
    told = (
        "weft: WEFT_ARCHIVE_LIMIT 'much': not understood; allowed: a number with one of KiB, MiB,"
    )
    assert weft("serve", status=2).startswith(told)


def test_an_archive_beyond_the_operators_limit_is_refused(weft: Weft, large: Path) -> None:
    weft.environment["WEFT_ARCHIVE_LIMIT"] = "64MiB"
    refused = weft("package", "push", str(large), status=1)
    hint = "WEFT_ARCHIVE_LIMIT=SIZE allows more, as in WEFT_ARCHIVE_LIMIT=64GiB"
    assert f"{IMAGE}: larger than 64 MiB; {hint}\n" in refused
    with serving(weft) as server:
        answer = server.ask(
            "POST", "/v1/packages", large.read_bytes(), {"Content-Type": "application/zip"}
        )
        assert answer.status == 413
        assert answer.json()["detail"] == "the body is too large; allowed: 64 MiB"
