"""A deployed function: what was asked for, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from weft.model.binding import Binding
    from weft.model.package import Package
    from weft.model.state import FunctionState

__all__ = [
    "DEFAULT_PROJECT",
    "ComponentStatus",
    "FunctionFacts",
    "FunctionRequest",
    "FunctionStatus",
    "InterfaceStatus",
    "link_name",
]

DEFAULT_PROJECT = "default"


@dataclass(frozen=True, slots=True)
class FunctionRequest:
    """A function to deploy. Frozen data only: it may cross to another server."""

    uuid: UUID
    name: str
    package: Package
    bindings: tuple[Binding, ...]
    values: tuple[tuple[str, str], ...] = ()
    project: str = DEFAULT_PROJECT
    drivers: tuple[tuple[str, str], ...] = ()
    """Pairs of an interface and its driver, where that is not the usual one."""
    active: bool = True
    """Whether it is to process packets at once, or to wait for a start; then values may be missing."""


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What is written down about a function when it is deployed."""

    uuid: UUID
    name: str
    project: str
    package: str
    version: str
    interfaces: dict[str, str]
    created: float
    operation: str
    digest: str = ""
    """The digest of the package it runs, as that was found."""
    labels: dict[str, str] = field(default_factory=dict)
    """The names and values that its package gives it, to choose it by."""
    sandbox_kind: str = "process"
    links: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    component_uids: dict[str, int] = field(default_factory=dict)
    """User ids by key, of all processes there may be just now."""
    component_keys: dict[str, str] = field(default_factory=dict)
    """The key of each component's process, by the component's name."""
    component_numbers: dict[str, int] = field(default_factory=dict)
    """How many keys each name has had, also of components that are gone."""
    frameworks: dict[str, str] = field(default_factory=dict)
    """What each component is written in, in the order in which packets meet them."""
    missing: list[str] = field(default_factory=list)
    """The parameters that need a value before it can be started."""
    click_file: str = ""
    """The name of the Click file that it runs, where it runs no package."""
    change: dict[str, Any] = field(default_factory=dict)
    """The last change: `operation`, and what it did."""


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """How the process of a component is just now; what init did not say is None."""

    key: str
    name: str
    state: str
    pid: int | None = None
    restarts: int | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None
    last_end: str | None = None
    memory_limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class InterfaceStatus:
    """An interface of a function just now; `link` is whether both of its ends are up."""

    name: str
    mtu: int
    link: bool


@dataclass(frozen=True, slots=True)
class FunctionStatus:
    """How a function is just now; what its processes did not say is None."""

    state: FunctionState
    pid: int | None = None
    engine_pid: int | None = None
    restarts: int | None = None
    uptime_s: float | None = None
    memory_bytes: int | None = None
    cpu_s: float | None = None
    limits: str | None = None
    errors: tuple[str, ...] = ()
    components: tuple[ComponentStatus, ...] = ()
    interfaces: tuple[InterfaceStatus, ...] = ()
    cpu_limit: float | None = None
    memory_limit_bytes: int | None = None


def link_name(uuid: UUID, index: int) -> str:
    """The name of a function's link, at most 15 characters, derived from its UUID."""
    return f"wf{uuid.hex[:10]}{index:x}"
