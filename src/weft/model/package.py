"""A VNF package: what a person wrote in `vnf.yaml`, with the files that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.model.nsh import Nsh

__all__ = [
    "DRIVERS",
    "MANIFEST",
    "Component",
    "Launch",
    "Mount",
    "Package",
    "PackageFile",
    "Parameter",
    "ProgramInterface",
    "Resources",
]

MANIFEST = "vnf.yaml"
"""The name of the file that describes a package."""

DRIVERS = ("af_packet", "af_xdp")
"""How the engine can receive from and send to an interface; the first is the usual one."""


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file of a package; `name` is relative and uses `/`."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Resources:
    """What a function or one of its components may use at most; None is no limit."""

    cpu: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ProgramInterface:
    """A network interface of a program; its settings are made before the program starts.

    `addresses` are as in `10.0.0.1/24`, `gateways` are of default routes, one for IPv4 and one for
    IPv6 at most. Without `mtu` it is the kernel's, 1500.
    """

    name: str
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A VNF component (VNFC): a part of the function in one framework.

    `file` is relative to the package, and empty where `text` holds an inline Click component.
    `line` is where its entry stands in `vnf.yaml`, `text_line` where its inline text begins.
    `isolate` is "none" (part of the engine), "process", or "private" (a process that sees only its
    own packets). `fallback` is what happens to packets while its process is away: "drop", "bypass"
    or "hold", at most `hold` packets. `limit_s` is how long it may keep packets without returning
    any, `capacity` how many it may have at a time. `interfaces` are the network interfaces of a
    program. `options` are the keys that only its framework knows, each with its values.
    """

    name: str
    framework: str
    file: str = ""
    text: str | None = None
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    resources: Resources = Resources()
    isolate: str = "none"
    fallback: str = "drop"
    hold: int = 4096
    limit_s: float = 1.0
    capacity: int = 512
    requirements: tuple[str, ...] = ()
    interfaces: tuple[ProgramInterface, ...] = ()
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()
    line: int = 0
    text_line: int = 0

    @property
    def devices(self) -> tuple[str, ...]:
        """The function's device at the other end of each of its interfaces: NAME, NAME.1, ..."""
        return tuple(
            f"{self.name}.{number}" if number else self.name
            for number in range(len(self.interfaces))
        )

    @property
    def key_name(self) -> str:
        """The variable of the graph for the name its process gives itself."""
        return f"key_{self.name}"

    @property
    def uid_name(self) -> str:
        """The variable of the graph for the user id of its process."""
        return f"uid_{self.name}"

    def option(self, key: str) -> tuple[str, ...]:
        """The values of a key that only its framework knows; none where it was not given."""
        return dict(self.options).get(key, ())


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of the server, shown read-only at `target` inside a function's sandbox."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Launch:
    """How the process of a component is started; paths are as seen inside the sandbox.

    `ready` is "attach" (when it has attached to the engine) or "start" (as soon as it runs); it has
    `start_ms` milliseconds for that. `interfaces` are pairs of an interface in its own
    network namespace and the function's device at the other end. `loopback` gives one without
    interfaces a loopback interface of its own.
    """

    program: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    directory: str = ""
    mounts: tuple[Mount, ...] = ()
    ready: str = "attach"
    start_ms: int = 30_000
    interfaces: tuple[tuple[ProgramInterface, str], ...] = ()
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value that may be set when the function is deployed."""

    name: str
    type: str
    default: str | None = None
    help: str = ""
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """Everything needed to run a function, already checked.

    `drivers` are pairs of an interface and one of `DRIVERS`; the others have the first of those.
    `license` and `changelog` are names of files; `released` is a date or time as in ISO 8601.
    `labels` are pairs of a name and a value, for choosing among functions. `digest` is of its files as
    they were found.
    """

    name: str
    version: str
    interfaces: tuple[str, ...]
    components: tuple[Component, ...]
    files: tuple[PackageFile, ...]
    provider: str = ""
    description: str = ""
    license: str = ""
    changelog: str = ""
    released: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    path: str | None = None
    path_line: int = 0
    drivers: tuple[tuple[str, str], ...] = ()
    nsh: Nsh | None = None
    parameters: tuple[Parameter, ...] = ()
    resources: Resources = field(default_factory=Resources)
    sandbox: str = "auto"
    digest: str = ""

    @property
    def is_composed(self) -> bool:
        """Whether its graph is put together, and not the text of its one component."""
        return self.path is not None or bool(self.nsh and self.nsh.is_whole)

    @property
    def click_file(self) -> str:
        """The name of the Click file that it is, on its own; empty where it has a manifest."""
        if any(file.name == MANIFEST for file in self.files):
            return ""
        return self.components[0].file

    @property
    def devices(self) -> tuple[str, ...]:
        """All devices of its graph: its interfaces, and those of its programs."""
        return self.interfaces + tuple(
            device for component in self.components for device in component.devices
        )

    def text_of(self, name: str) -> str:
        """The text of one of the package's files."""
        for file in self.files:
            if file.name == name:
                return file.content.decode("utf-8", errors="surrogateescape")
        raise KeyError(name)
