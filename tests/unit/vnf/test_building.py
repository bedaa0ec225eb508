"""The cache, the places inside a sandbox, and the programs that are run while building."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from weft.errors import EngineError, WeftError
from weft.model.package import Mount
from weft.vnf.building.cache import Cache, default_cache, digest_of
from weft.vnf.building.places import Places, is_open
from weft.vnf.building.tools import Tools


def silent(_line: str) -> None:
    pass


def test_a_digest_tells_where_parts_end() -> None:
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])
    assert digest_of(["ab", b"c"]) == digest_of([b"ab", "c"])


def test_an_entry_is_built_once_and_whole(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    built = []

    def build(folder: Path) -> None:
        built.append(folder)
        (folder / "x").write_text("1")

    place = cache.entry("c", "00", build)
    assert cache.entry("c", "00", build) == place == tmp_path / "c" / "00"
    assert len(built) == 1
    assert (place / "x").read_text() == "1"
    assert place.stat().st_mode & 0o777 == 0o755


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        (folder / "x").write_text("1")
        raise WeftError("no")

    with pytest.raises(WeftError, match="no"):
        Cache(tmp_path).entry("c", "00", build)
    assert list((tmp_path / "c").iterdir()) == []


def test_what_another_process_built_meanwhile_is_taken(tmp_path: Path) -> None:
    def build(folder: Path) -> None:
        (tmp_path / "c" / "00").mkdir()
        (tmp_path / "c" / "00" / "theirs").touch()
        (folder / "ours").touch()

    place = Cache(tmp_path).entry("c", "00", build)
    assert [path.name for path in place.iterdir()] == ["theirs"]
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["00"]


def test_what_was_left_unfinished_is_removed_later(tmp_path: Path) -> None:
    old, young = tmp_path / "c" / ".new-old", tmp_path / "c" / ".new-young"
    old.mkdir(parents=True)
    young.mkdir()
    os.utime(old, (0, 0))
    Cache(tmp_path).entry("c", "00", lambda _folder: None)
    assert (old.exists(), young.exists()) == (False, True)


def test_a_cache_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeftError) as caught:
        Cache(tmp_path / "file").entry("c", "00", lambda _folder: None)
    assert caught.value.message == (
        f"the cache folder '{tmp_path}/file' cannot be used: Not a directory"
    )
    assert caught.value.hint == "choose another: set WEFT_CACHE_DIR"


def test_the_cache_depends_on_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEFT_CACHE_DIR", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_cache() == Path("/var/cache/weft")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_CACHE_HOME", "/home/x/.cache")
    assert default_cache() == Path("/home/x/.cache/weft")
    monkeypatch.setenv("WEFT_CACHE_DIR", "here")
    assert default_cache() == Path.cwd() / "here"


def test_what_lies_in_a_closed_or_covered_folder_is_not_open(tmp_path: Path) -> None:
    assert is_open(Path("/usr/bin"))
    assert not is_open(tmp_path)
    assert not is_open(Path("/nowhere"))


def test_what_cannot_be_reached_is_mounted(tmp_path: Path) -> None:
    places = Places(Path("/run/weft/one/mnt"))
    assert places.show(Path("/usr/bin"), "bin") == Path("/usr/bin")
    assert not places.mounts
    assert places.show(tmp_path, "own") == Path("/run/weft/one/mnt/own")
    assert places.mounts == (Mount(str(tmp_path), "/run/weft/one/mnt/own"),)
    assert Places(None).show(tmp_path, "own") == tmp_path


def test_a_program_is_heard_line_by_line(tmp_path: Path) -> None:
    heard: list[str] = []
    tools = Tools(tmp_path, tmp_path, silent)
    done = tools.run(["/bin/sh", "-c", "echo a; echo b >&2; exit 3"], tmp_path, {}, heard.append)
    assert (done.status, done.output, heard) == (3, "a\nb\n", ["a", "b"])


def test_a_flood_is_bounded(tmp_path: Path) -> None:
    tools = Tools(tmp_path, tmp_path, silent)
    done = tools.run(["/bin/sh", "-c", "yes | head -c 5000000"], tmp_path)
    assert done.status == 0
    assert 2**20 <= len(done.output) < 2**20 + 65536


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot run '/nowhere': No such file or directory"):
        Tools(tmp_path, tmp_path, silent).run(["/nowhere"], tmp_path)


def test_what_runs_can_be_ended(tmp_path: Path) -> None:
    tools = Tools(tmp_path, tmp_path, silent)
    caught: list[BaseException] = []
    begun = threading.Event()

    def work() -> None:
        try:
            command = ["/bin/sh", "-c", "echo begun; sleep 600"]
            tools.run(command, tmp_path, {}, lambda _line: begun.set())
        except WeftError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(30)
    tools.end()
    thread.join(30)
    assert [str(error) for error in caught] == ["building was broken off"]
    with pytest.raises(WeftError, match="building was broken off"):
        tools.run(["/bin/true"], tmp_path)


def test_who_is_interrupted_as_a_program_starts_leaves_neither_it_nor_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[threading.Timer] = []

    def interrupted(timer: threading.Timer) -> None:
        begun.append(timer)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Timer, "start", interrupted)
    children = Path(f"/proc/self/task/{threading.get_native_id()}/children")
    before = children.read_text()
    with pytest.raises(KeyboardInterrupt):
        Tools(tmp_path, tmp_path, silent).run(["sleep", "100"], tmp_path)
    assert children.read_text() == before
    assert [timer.daemon for timer in begun] == [True]
