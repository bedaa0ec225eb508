"""Frameworks that do not depend on what is installed."""

from __future__ import annotations

import pytest

from tests.unit.vnf.invented import Box, Native
from weft.vnf.frameworks import FRAMEWORKS


@pytest.fixture
def invented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the frameworks `native` and `box` beside those there are."""
    monkeypatch.setitem(FRAMEWORKS, "native", Native())
    monkeypatch.setitem(FRAMEWORKS, "box", Box())
