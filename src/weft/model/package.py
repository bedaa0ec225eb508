"""A VNF package: what a person wrote in `vnf.yaml`, with the files that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Component", "Package", "PackageFile", "Parameter", "Resources"]


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package; `name` is relative and uses `/`."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Component:
    """A VNF component (VNFC): a part of the function in one framework."""

    name: str
    framework: str
    file: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that may be set when the function is deployed."""

    name: str
    type: str
    default: str | None = None
    help: str = ""
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What the function may use at most; None is no limit."""

    cpu: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """Everything needed to run a function, already checked."""

    name: str
    version: str
    interfaces: tuple[str, ...]
    components: tuple[Component, ...]
    files: tuple[PackageFile, ...]
    provider: str = ""
    description: str = ""
    path: str | None = None
    path_line: int = 0
    parameters: tuple[Parameter, ...] = ()
    resources: Resources = field(default_factory=Resources)
    sandbox: str = "auto"

    def text_of(self, name: str) -> str:
        """The text of one of the package's files."""
        for file in self.files:
            if file.name == name:
                return file.content.decode("utf-8", errors="surrogateescape")
        raise KeyError(name)
