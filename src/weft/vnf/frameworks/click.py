"""Components written in the Click language: each is a compound element, or the whole graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from weft.launcher import engine_binary
from weft.model.package import MANIFEST, Launch
from weft.vnf.frameworks.framework import PROCESS_KEYS, component_element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.package import Component, Package, PackageFile
    from weft.model.problem import Problem
    from weft.vnf.building.tools import Tools
    from weft.vnf.frameworks.framework import Context

__all__ = ["ClickFramework", "compound_of", "line_directive", "source_of", "text_of"]


def line_directive(line: int, file: str) -> str:
    """The text that makes the engine count lines of `file` from here on."""
    plain = "".join("_" if char in '"\\' or not char.isprintable() else char for char in file)
    return f'# {line} "{plain}"\n'


def text_of(component: Component, files: Sequence[PackageFile]) -> str:
    """The text of a Click component, inline or out of its file."""
    if component.text is not None:
        return component.text
    content = next(file.content for file in files if file.name == component.file)
    return content.decode("utf-8", errors="surrogateescape")


def source_of(component: Component, package: Package) -> str:
    """The text of a Click component with its line directive."""
    place = (1, component.file)
    if component.text is not None:
        place = (component.text_line, MANIFEST)
    return line_directive(*place) + text_of(component, package.files)


def compound_of(component: Component, package: Package) -> str:
    """Graph text of a Click component as a compound, so that its elements are called `name/...`."""
    return f"{component.name} :: {{\n{source_of(component, package)}\n}};\n"


class ClickFramework:
    """Click text with `input` and `output` ports: in the engine, or, isolated, in a process."""

    name: ClassVar[str] = "click"
    keys: ClassVar[Mapping[str, bool]] = {"file": False, "text": False, **PROCESS_KEYS}

    def in_process(self, component: Component) -> bool:
        """Only where it is isolated."""
        return component.isolate != "none"

    def element(self, component: Component, context: Context) -> str:
        """A compound, or an element that exchanges packets with the process."""
        if self.in_process(component):
            return component_element(component)
        return compound_of(component, context.package)

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Nothing: the engine reads it with the rest of the graph."""
        return []

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """An engine of its own."""
        graph = package_folder / component.file
        if component.text is not None:
            graph = build_folder / f"{component.name}.click"
            graph.write_bytes(component.text.encode("utf-8", errors="surrogateescape"))
        places = tools.places()
        engine = Path(engine_binary()).resolve()
        shown = places.show(engine.parent, "engine") / engine.name
        program = (str(shown), "component", "--graph", str(graph), *component.arguments)
        folder = str(package_folder)
        return Launch(program, component.environment, folder, mounts=places.mounts)
