"""The store: packages come in whole or not at all, and go."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from weft.errors import PackageTakenError, WeftError
from weft.manager.catalogue.store import Store
from weft.model.catalogue import PackageFacts

if TYPE_CHECKING:
    from pathlib import Path

FACTS = PackageFacts(
    "nat", "1.0.0", "sha256:aa", interfaces=("in", "out"), archive="csar", pushed=1.5
)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def content(store: Store, facts: PackageFacts = FACTS) -> bytes:
    with store.archive(facts) as archive:
        return archive.read()


def test_what_was_pushed_is_there_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "packages")
    assert store.packages() == []
    assert store.push(FACTS, b"archive") == FACTS
    assert Store(tmp_path / "packages").packages() == [FACTS]
    assert content(store) == b"archive"


def test_the_same_contents_again_change_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.push(FACTS, b"archive")
    before = names(tmp_path)
    assert store.push(replace(FACTS, pushed=9.0), b"built elsewhere") == FACTS
    assert (content(store), names(tmp_path)) == (b"archive", before)


def test_other_contents_of_the_same_version_are_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.push(FACTS, b"archive")
    before = names(tmp_path)
    message = "the store has 'nat@1.0.0' with other contents; nothing was changed"
    with pytest.raises(PackageTakenError, match=f"^{re.escape(message)}$"):
        store.push(replace(FACTS, digest="sha256:bb"), b"other")
    assert (store.packages(), names(tmp_path)) == ([FACTS], before)


def test_of_several_who_push_at_once_one_is_first(tmp_path: Path) -> None:
    def push(number: int) -> str:
        facts = replace(FACTS, digest=f"sha256:{number:02}")
        try:
            return Store(tmp_path).push(facts, b"%d" % number).digest
        except PackageTakenError:
            return ""

    with ThreadPoolExecutor(8) as pool:
        done = [digest for digest in pool.map(push, range(16)) if digest]
    [kept] = Store(tmp_path).packages()
    assert done == [kept.digest]
    assert content(Store(tmp_path), kept) == b"%d" % int(kept.digest[-2:])


def test_a_signature_that_comes_later_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.push(FACTS, b"archive")
    signed = replace(FACTS, signed_by="CN=Ann", pushed=2.0)
    assert store.push(signed, b"signed") == replace(signed, pushed=1.5)
    assert content(store) == b"signed"
    assert len(list((tmp_path / "nat" / "1.0.0").iterdir())) == 2
    assert store.push(FACTS, b"archive").signed_by == "CN=Ann"


def test_a_version_that_is_removed_leaves_the_others(tmp_path: Path) -> None:
    store = Store(tmp_path)
    newer = replace(FACTS, version="1.1.0", digest="sha256:bb")
    store.push(FACTS, b"archive")
    store.push(newer, b"newer")
    store.remove(FACTS)
    assert store.packages() == [newer]
    store.remove(newer)
    store.remove(newer)
    assert names(tmp_path) == [".lock"]
    with pytest.raises(WeftError, match=r"'nat@1\.0\.0' has just been removed from the store"):
        content(store)


def test_what_a_killed_push_has_left_is_not_seen_and_goes(tmp_path: Path) -> None:
    (tmp_path / ".new-1").mkdir()
    (tmp_path / ".new-1" / "facts.json").write_text("{}")
    (tmp_path / "nat" / "2.0.0").mkdir(parents=True)
    (tmp_path / "nat" / "3.0.0").mkdir(parents=True)
    (tmp_path / "nat" / "3.0.0" / "facts.json").write_text(json.dumps({"name": "nat"}))
    (tmp_path / "stray").write_text("")
    store = Store(tmp_path)
    assert store.packages() == []
    store.push(FACTS, b"archive")
    assert store.packages() == [FACTS]
    assert not (tmp_path / ".new-1").exists()


def test_a_store_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = f"the store '{tmp_path / 'file' / 'packages'}' cannot be used: Not a directory"
    with pytest.raises(WeftError, match=f"^{re.escape(message)}$"):
        Store(tmp_path / "file" / "packages").push(FACTS, b"archive")
