"""The run directory: one folder per function, names unique, facts whole or not there."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from weft.errors import NameTakenError, WeftError
from weft.model.function import FunctionFacts, link_name
from weft.server.groups import group_name
from weft.server.rundir import FunctionFolder, RunDirectory, default_root

FIRST = UUID("00000000-0000-4000-8000-000000000001")
SECOND = UUID("00000000-0000-4000-8000-000000000002")


def facts(uuid: UUID, name: str = "wire") -> FunctionFacts:
    return FunctionFacts(
        uuid=uuid,
        name=name,
        project="default",
        package="wire",
        version="1",
        interfaces={"in": "eth1"},
        created=1.0,
        operation="op",
    )


def reserve(run: RunDirectory, uuid: UUID, name: str) -> tuple[FunctionFolder, int]:
    with run.locked():
        folder, uid, _ = run.reserve(uuid, name, "default")
        folder.write_facts(facts(uuid, name), {"uid": uid})
    return folder, uid


def test_facts_come_back_as_written(tmp_path: Path) -> None:
    folder, uid = reserve(RunDirectory(tmp_path / "run"), FIRST, "wire")
    assert folder.facts() == facts(FIRST)
    assert folder.uids() == {uid}
    assert [path.name for path in folder.path.iterdir()] == ["function.json"]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    reserve(run, FIRST, "wire")
    with pytest.raises(NameTakenError) as caught:
        reserve(run, SECOND, "wire")
    assert caught.value.message == "the name 'wire' is taken in project 'default'"
    assert [folder.uuid for folder in run.folders()] == [FIRST]


def test_user_ids_are_given_once(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    _, first = reserve(run, FIRST, "a")
    # The same residue, so the same first choice of a user id.
    _, second = reserve(run, UUID(int=FIRST.int + 0x2000_0000), "b")
    assert second == first + 1


def test_foreign_names_in_the_run_directory_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / FIRST.hex).mkdir()  # a UUID, but not as we write it
    assert RunDirectory(tmp_path).folders() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', "\0", '{"interfaces": 1}'])
def test_unreadable_facts_are_none(tmp_path: Path, text: str) -> None:
    folder = FunctionFolder(tmp_path / str(FIRST))
    folder.path.mkdir()
    (folder.path / "function.json").write_text(text)
    assert folder.facts() is None
    assert folder.uids() == set()


def test_only_one_holds_a_folder(tmp_path: Path) -> None:
    folder, _ = reserve(RunDirectory(tmp_path), FIRST, "wire")
    with folder.held() as first, folder.held() as second:
        assert (first, second) == (True, False)
    with folder.held() as third:
        assert third


def test_a_folder_that_is_gone_is_held_by_nobody(tmp_path: Path) -> None:
    with FunctionFolder(tmp_path / str(FIRST)).held() as held:
        assert not held


def test_root_depends_on_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_RUN_DIR", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_root() == Path("/run/weft")
    monkeypatch.setattr("os.geteuid", lambda: 7)
    assert default_root() == Path("/run/user/7/weft")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert default_root() == Path("/tmp/weft-7")


def test_names_in_the_kernel_derive_from_the_uuid() -> None:
    uuid = UUID("4d6656ae-7037-4d7b-83b4-1df2cbbcd80f")
    assert link_name(uuid, 1) == "wf4d6656ae701"
    assert len(link_name(uuid, 255)) <= 15
    assert group_name(uuid) == "weft-4d6656ae-703"


def test_a_run_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WeftError) as caught, RunDirectory(tmp_path / "file").locked():
        pass
    assert caught.value.message == (
        f"the run directory '{tmp_path}/file' cannot be used: File exists"
    )
    assert caught.value.hint == "choose another: set WEFT_RUN_DIR"


def test_a_run_directory_has_room_for_the_paths_of_sockets() -> None:
    longest = Path("/" + "x" * 53)
    RunDirectory(longest).check_length()
    assert len(f"{longest}/{FIRST}/components.sock") == 107
    with pytest.raises(WeftError, match="cannot be used: 55 bytes long; allowed: 54"):
        RunDirectory(Path("/" + "x" * 54)).check_length()


def test_a_run_directory_of_ones_own_is_meant_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEFT_RUN_DIR", "here")
    assert default_root() == Path.cwd() / "here"
