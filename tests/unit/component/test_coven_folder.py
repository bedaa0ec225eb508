"""Where a program for COVEN is started: it finds what its package has, and can write there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.component import coven

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_program_may_write_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, home = tmp_path / "package", tmp_path / "home"
    (package / "SourceCode").mkdir(parents=True)
    home.mkdir()
    (package / "rules.txt").write_text("small")
    (package / "SourceCode" / "big").write_bytes(bytes(coven.COPIED + 1))
    monkeypatch.chdir(package)
    monkeypatch.setenv("HOME", str(home))
    for _ in range(2):  # once more when it is started again
        place = coven.working_folder()
    assert place == home / "work"
    (place / "rules.txt").write_text("changed")
    (place / "SourceCode" / "new.log").write_text("begun")
    assert coven.working_folder().joinpath("rules.txt").read_text() == "changed"
    assert (place / "SourceCode" / "big").resolve() == package / "SourceCode" / "big"
    assert (package / "rules.txt").read_text() == "small"
