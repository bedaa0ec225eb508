"""What a framework is: how components written in it are described, checked, joined and started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from weft.model.package import Component, Launch, Package, PackageFile
    from weft.model.problem import Problem
    from weft.vnf.building.tools import Tools

__all__ = [
    "PROCESS_KEYS",
    "Context",
    "Framework",
    "ProcessFramework",
    "component_element",
    "devices_element",
]

PROCESS_KEYS: Mapping[str, bool] = {
    "arguments": False,
    "environment": False,
    "resources": False,
    "isolate": False,
    "fallback": False,
    "hold": False,
    "limit": False,
    "capacity": False,
}
"""The keys of a component in a process of its own that exchanges packets with the engine."""


@dataclass(frozen=True, slots=True)
class Context:
    """Where a component stands: its package, and the ports of it that the path connects."""

    package: Package
    inputs: frozenset[int]
    outputs: frozenset[int]


class Framework(Protocol):
    """How a component of one framework becomes a part of the function."""

    name: ClassVar[str]
    """The word that `framework:` has in `vnf.yaml`."""

    keys: ClassVar[Mapping[str, bool]]
    """All keys that its entries allow besides `framework`, and whether each is required.

    `file`, `text`, `requirements`, `interfaces` and those of PROCESS_KEYS become attributes of the
    component; any other becomes one of its `options`: a text, or a list of texts.
    """

    def in_process(self, component: Component) -> bool:
        """Whether the component is a process, to be prepared and started."""
        ...

    def element(self, component: Component, context: Context) -> str:
        """Graph text that declares an element of its name; its ports are the component's."""
        ...

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """What is wrong with it, as far as that is cheap to tell. Its file is there already."""
        ...

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Build what is needed into `build_folder`, and say how its process is started.

        PackageError lists what a compiler or installer refused, with file and line.
        """
        ...


class ProcessFramework:
    """What all frameworks share whose components are processes that exchange packets with the engine."""

    def in_process(self, component: Component) -> bool:
        """Always."""
        return True

    def element(self, component: Component, context: Context) -> str:
        """The engine's end of it."""
        return component_element(component)


def component_element(component: Component) -> str:
    """Graph text of an element that exchanges packets with the component's process.

    Its user id and key are parameters, known when it is started.
    """
    private = "true" if component.isolate == "private" else "false"
    return (
        f"{component.name} :: Component(${component.key_name}, UID ${component.uid_name}, "
        f"CAPACITY {component.capacity}, LIMIT {component.limit_s:g}s, "
        f"FALLBACK {component.fallback}, HOLD {component.hold}, PRIVATE {private});\n"
    )


def devices_element(
    name: str, devices: Sequence[str], inputs: Collection[int], outputs: Collection[int]
) -> str:
    """Graph text of a compound around devices: device N sends what input N gets, and so on.

    Only the ports in `inputs` and `outputs` are there; Click wants those below them to be, too.
    """
    inside, outside = [], []
    for port, device in enumerate(devices):
        number, index = (str(port), f"[{port}]") if port else ("", "")
        if port in outputs:
            inside.append(f" from{number} :: FromDevice({device}) -> {index}output;")
        elif port < max(outputs, default=0):
            inside.append(f" Idle -> {index}output;")
            outside.append(f" {name}{index} -> Discard;")
        if port in inputs:
            queue = f"queue{number} :: Queue -> to{number} :: ToDevice({device})"
            inside.append(f" input{index} -> {queue};")
        elif port < max(inputs, default=0):
            inside.append(f" input{index} -> Discard;")
            outside.append(f" Idle -> {index}{name};")
    return f"{name} :: {{{''.join(inside)} }};{''.join(outside)}\n"
