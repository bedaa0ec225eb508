from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.rest import Rest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rest:
    """The REST of a server on which nothing runs."""
    monkeypatch.setenv("WEFT_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("WEFT_DATA_DIR", str(tmp_path / "data"))
    return Rest()
