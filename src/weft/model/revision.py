"""What a function was made of at one time, and what a person may edit of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.model.package import Parameter

__all__ = ["ComponentText", "FunctionText", "Revision"]


@dataclass(frozen=True, slots=True)
class Revision:
    """A function after its deployment (number 1) or after one change; numbers are never used again.

    `cause` says what made it, `created` when (Unix time, seconds), `version` is the package's.
    """

    number: int
    cause: str
    created: float
    version: str
    operation: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComponentText:
    """The source of one component; `text` is None where its file holds no text.

    `options` are the keys that only its framework knows.
    """

    name: str
    framework: str
    file: str
    text: str | None
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FunctionText:
    """What a function is written as: its path, where it has one, and its components.

    `files` are the names of all files of its package.
    """

    path: str | None
    components: tuple[ComponentText, ...]
    parameters: tuple[Parameter, ...] = ()
    files: tuple[str, ...] = ()
