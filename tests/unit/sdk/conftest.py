"""What tests of the SDKs begin with.

The C SDK is built with the address and undefined-behaviour sanitizers: a wrong access, a leak or an
overflow ends a child with status 99.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.c_children import SANITIZED, child, make
from tests.unit.sdk.engine_side import EngineSide
from tests.unit.sdk.javascript_side import ROOT, SOURCES
from tests.unit.sdk.peer import BYE, Connection, Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with libraries and programs."""
    out = tmp_path_factory.mktemp("sdk-c")
    make(out, f"CFLAGS={SANITIZED}", "tests")
    return out


@pytest.fixture
def attached(built: Path, tmp_path: Path) -> Iterator[Connection]:
    """A connection to the conformance child, which ends well."""
    with child(tmp_path, built / "conformance") as peer:
        connection = peer.accept()
        connection.attach()
        yield connection
        connection.say(Message(BYE))
        assert peer.end() == (0, "")


@pytest.fixture(scope="session")
def javascript() -> Path:
    """The built npm package."""
    built = subprocess.run(
        ["make", "-s", "-C", str(SOURCES)], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return ROOT / "target" / "sdk" / "javascript"


@pytest.fixture
def folder(javascript: Path, tmp_path: Path) -> Path:
    """Where modules find the package by its name."""
    modules = tmp_path / "node_modules"
    modules.mkdir()
    (modules / "weft-component").symlink_to(javascript)
    return tmp_path


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineSide]:
    side = EngineSide(tmp_path / "components.sock")
    yield side
    side.close()
