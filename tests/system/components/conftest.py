"""A bench for each language that components are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.component_bench import Bench
from tests.support.component_children import CHILDREN, CLICK, LANGUAGES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=CHILDREN, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    chosen: Kind = request.param
    return chosen


@pytest.fixture(params=["", "PRIVATE true"], ids=["shared", "private"])
def private(request: pytest.FixtureRequest) -> str:
    """Arguments of the element: the child sees the frames of all, or copies."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def bench(kind: Kind, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(kind, tmp_path)
    yield made
    made.close()


@pytest.fixture(params=LANGUAGES, ids=lambda kind: kind.name)
def sdk_bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """For what no element does: the child is in a language with an SDK."""
    made = Bench(request.param, tmp_path)
    yield made
    made.close()


@pytest.fixture
def click_bench(tmp_path: Path) -> Iterator[Bench]:
    """With the child in Click: for what elements do in their own way."""
    made = Bench(CLICK, tmp_path)
    yield made
    made.close()


@pytest.fixture
def c_bench(tmp_path: Path) -> Iterator[Bench]:
    """With the child in C: for what does not depend on the language."""
    made = Bench(CHILDREN[0], tmp_path)
    yield made
    made.close()
