"""The id of the operation under way: whoever repeats one under the same id has nothing done twice."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["operating", "operation_id"]

_CURRENT: ContextVar[str | None] = ContextVar("operation", default=None)


def operation_id() -> str:
    """The id that whoever asks has given the operation, else a new one."""
    given = _CURRENT.get()
    if given is not None:
        return given
    from uuid import uuid4

    return str(uuid4())


@contextlib.contextmanager
def operating(identity: str | None) -> Iterator[None]:
    """Give what is asked of the management system meanwhile this id."""
    token = _CURRENT.set(identity)
    try:
        yield
    finally:
        _CURRENT.reset(token)
