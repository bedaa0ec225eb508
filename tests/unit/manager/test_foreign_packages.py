"""Packages of other makers in the store: kept as they came, large files once, and gone without a trace."""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.vendors import csar, listed, sparse_csar, units, zipped
from weft.client.local import LocalClient
from weft.errors import NotRunnableError, PackageError, PackageTakenError
from weft.manager.catalogue.pieces import LARGE_BYTES
from weft.manager.stored_packages import StoredPackages

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "Files/images/web.qcow2"
UNIT = f"web: {{type: acme.Vdu, artifacts: {{sw_image: {{file: ../{IMAGE}}}}}}}"
LARGE = random.Random(5).randbytes(LARGE_BYTES + 12345)
CLICK = b"FromDevice(lan) -> Queue -> ToDevice(wan);\nFromDevice(wan) -> Queue -> ToDevice(lan);\n"


@pytest.fixture
def store(tmp_path: Path) -> StoredPackages:
    return StoredPackages(tmp_path / "data", tmp_path / "ready", lambda _line: None)


def machine(version: str = "21.4", image: bytes = LARGE) -> bytes:
    files = csar({"simple": units(UNIT)}, {IMAGE: image})
    top = files["Definitions/ims_top.vnfd.yaml"].replace(b"21.4", version.encode())
    files["Definitions/ims_top.vnfd.yaml"] = top
    del files["ims.mf"]
    return zipped({**files, "ims.mf": listed(files)}, zipfile.ZIP_STORED)


def runnable() -> bytes:
    unit = "web: {type: acme.Vdu, artifacts: {sw_image: {file: ../Files/web.click}}}"
    files = csar({"simple": units(unit)}, {"Files/web.click": CLICK, "Files/spare.img": LARGE * 5})
    top = b"substitution_mappings: {requirements: [lan: [a, b], wan: [c, d]]}"
    text = files["Definitions/ims_top.vnfd.yaml"].replace(b"  inputs:", b"  %s\n  inputs:" % top)
    del files["Definitions/ims_df_simple.yaml"], files["ims.mf"]
    text += units(unit).encode()
    files["Definitions/ims_top.vnfd.yaml"] = text
    return zipped({**files, "ims.mf": listed(files)})


def left(store: Path) -> list[str]:
    """All files of a store but its lock."""
    return sorted(path.name for path in store.rglob("*") if path.name != ".lock")


def test_what_cannot_be_run_is_kept_as_it_came(store: StoredPackages) -> None:
    archive = machine()
    facts = store.push(archive, "ims.csar")
    assert (facts.name, facts.version, facts.runs) == ("ims-core", "21.4", False)
    assert facts.why_not == f"web (simple): image '../{IMAGE}' is of a virtual machine"
    assert facts.descriptor_id == "b1bb0ce7-ebca-4fa7-95ed-4840d70a1177"
    assert store.package("ims-core") == facts
    with store.archive("ims-core") as kept:
        assert kept.read() == archive
        kept.seek(-7, os.SEEK_END)
        assert kept.read() == archive[-7:]
    with pytest.raises(NotRunnableError) as caught:
        store.source("ims-core")
    assert caught.value.message.startswith(
        f"ims-core@21.4: nothing of it can be run here\n  web (simple): image '../{IMAGE}' is of a "
    )
    assert store.push(archive, "again.csar") == facts
    with pytest.raises(PackageTakenError):
        store.push(machine(image=b"QFI"), "ims.csar")


def test_what_can_be_run_of_one_is_what_runs(store: StoredPackages) -> None:
    archive = runnable()
    facts = store.push(archive, "ims.csar")
    assert (facts.runs, facts.archive, facts.interfaces) == (True, "foreign", ("lan", "wan"))
    source = store.source("ims-core@21.4")
    assert {file.name: file.content for file in source.files}["Files/web.click"] == CLICK
    assert "Files/spare.img" not in {file.name for file in source.files}
    with store.archive("ims-core") as kept:
        assert kept.read() == archive


def test_large_files_are_kept_once_and_go_with_the_last(
    store: StoredPackages, tmp_path: Path
) -> None:
    for version in ("1.0", "1.1", "2.0"):
        store.push(machine(version), "ims.csar")
    [shared] = (tmp_path / "data" / "packages" / ".large").iterdir()
    assert (shared.stat().st_size, shared.stat().st_nlink) == (len(LARGE), 4)
    for version in ("1.0", "1.1"):
        store.remove(f"ims-core@{version}")
    assert shared.stat().st_nlink == 2
    with store.archive("ims-core@2.0") as kept:
        store.remove("ims-core")
        assert kept.read() == machine("2.0")  # whoever reads it already has it
    assert left(tmp_path / "data" / "packages") == []


def test_one_with_an_altered_image_is_refused(store: StoredPackages, tmp_path: Path) -> None:
    files = csar({"simple": units(UNIT)}, {IMAGE: LARGE})
    files[IMAGE] = LARGE[:-1] + b"!"
    with pytest.raises(PackageError, match=f"{IMAGE}: is not what 'ims.mf' lists on line "):
        store.push(zipped(files), "ims.csar")
    assert not (tmp_path / "data").exists()


def test_a_policy_asks_others_for_signatures_too(store: StoredPackages) -> None:
    store.push(machine(), "ims.csar")
    store.set_policy(require_signature=True)
    why = "the store takes signed packages only, and this one is not signed"
    with pytest.raises(PackageError, match=why):
        store.push(machine("2.0"), "ims.csar")
    with pytest.raises(PackageError, match=why):
        store.archive("ims-core")


def test_an_image_of_200_mib_needs_little_memory(tmp_path: Path) -> None:
    files = csar({"simple": units(UNIT)})
    sparse_csar(tmp_path / "ims.csar", files, IMAGE, 200)
    script = """
        import sys
        from pathlib import Path
        from weft.manager.stored_packages import StoredPackages
        place = Path(sys.argv[1])
        store = StoredPackages(place / "data", place / "ready", print)
        with (place / "ims.csar").open("rb") as archive:
            facts = store.push(archive, "ims.csar")
        assert facts.size_bytes > 200 * 2**20
        most = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
        assert int(most) < 100 * 1024, f"{most} KiB"
    """
    code = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path)]
    done = subprocess.run(code, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


class Watched(io.BytesIO):
    """A file that tells when so much of it was read, and waits for an answer."""

    def __init__(self, content: bytes, most: int) -> None:
        super().__init__(content)
        self.left, self.reached, self.goes_on = most, threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        self.left -= len(found)
        if self.left <= 0 and not self.reached.is_set():
            self.reached.set()
            assert self.goes_on.wait(30)
        return found


@pytest.mark.parametrize("share", [0.2, 0.9, 1.4, 1.9])
def test_a_push_that_is_called_off_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """Before hashing, while hashing, while copying."""
    monkeypatch.setenv("WEFT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path / "run"))
    archive = Watched(machine(), int(len(LARGE) * share))

    async def push_and_leave() -> None:
        task = asyncio.create_task(
            LocalClient(lambda _line: None).push_package(archive, "ims.csar")
        )
        await asyncio.to_thread(archive.reached.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        archive.goes_on.set()

    asyncio.run(push_and_leave())
    assert left(tmp_path / "packages") == []


@pytest.mark.parametrize("call", ["os.link", "os.fsync", "pathlib.Path.rename"])
def test_a_push_that_is_killed_half_way_leaves_nothing(
    store: StoredPackages, tmp_path: Path, call: str
) -> None:
    """Each call of a kind in turn is where the process is killed."""
    (tmp_path / "ims.csar").write_bytes(machine())
    script = f"""
        import os, pathlib, signal, sys
        from weft.manager.stored_packages import StoredPackages
        place, last = pathlib.Path(sys.argv[1]), int(sys.argv[2])
        real, calls = {call}, []
        def killed(*arguments, **options):
            calls.append(1)
            if len(calls) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        {call} = killed
        store = StoredPackages(place / "data", place / "ready", print)
        store.push((place / "ims.csar").read_bytes(), "ims.csar")
    """
    folder = tmp_path / "data" / "packages"
    for last in range(1, 9):
        code = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path), str(last)]
        status = subprocess.run(code, check=False, timeout=60).returncode
        if status == 0:
            assert last > 1
            return
        assert status == -signal.SIGKILL
        assert store.packages() == []
        other = store.push(io.BytesIO(machine("9.9", b"QFI")), "other.csar")
        store.remove(f"ims-core@{other.version}")
        assert left(folder) == []
    raise AssertionError("the push never came to its end")
