"""The C SDK, built with the address and undefined-behaviour sanitizers.

A wrong access, a leak or an overflow ends a child with status 99.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.sdk.c_children import SANITIZED, child, make
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
