"""A change of a running function's components or path, as it is asked for and as it is planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from weft.model.package import PackageFile

__all__ = ["Addition", "Change", "ChangePlan", "Edit", "Replacement"]


@dataclass(frozen=True, slots=True)
class Addition:
    """A component that comes: its framework and its file."""

    name: str
    framework: str
    file: PackageFile


@dataclass(frozen=True, slots=True)
class Replacement:
    """Another file for a component, in the same framework unless another is named."""

    name: str
    file: PackageFile
    framework: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """Single changes of a package, all made at once; a path of None stays as it is."""

    path: str | None = None
    added: tuple[Addition, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[Replacement, ...] = ()

    def __bool__(self) -> bool:
        return self != Edit()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a function. Frozen data only: it may cross to another server.

    `files` are those of a whole new package, called `source`; without them the function's own are
    taken. `edit` is applied to either. `values` are set; other parameters keep theirs. `cause` is
    what the revision that it makes is said to come from.
    """

    uuid: UUID
    files: tuple[PackageFile, ...] | None = None
    source: str = ""
    edit: Edit = Edit()
    values: tuple[tuple[str, str], ...] = ()
    dry_run: bool = False
    cause: str = "reconfigure"
    given: tuple[PackageFile, ...] = ()
    """Files from outside that parameters of type `file` are given."""


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What a change does, by the names of components, and the graph that runs after it.

    `keys` has the key of each component's process then, `values` what is set anew. `by_handlers`
    says that nothing else changes, and that the parameters' handlers take the new values.
    """

    started: tuple[str, ...]
    kept: tuple[str, ...]
    replaced: tuple[str, ...]
    ended: tuple[str, ...]
    graph: str
    keys: tuple[tuple[str, str], ...] = ()
    version: str = ""
    values: tuple[tuple[str, str], ...] = ()
    by_handlers: bool = False
