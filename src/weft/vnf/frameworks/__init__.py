"""The frameworks a component may be written in. A further one is one file and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.frameworks.c import CFramework
from weft.vnf.frameworks.click import ClickFramework
from weft.vnf.frameworks.coven import CovenFramework
from weft.vnf.frameworks.framework import Framework
from weft.vnf.frameworks.java import JavaFramework
from weft.vnf.frameworks.javascript import JavaScriptFramework
from weft.vnf.frameworks.program import ProgramFramework
from weft.vnf.frameworks.python import PythonFramework

if TYPE_CHECKING:
    from weft.model.package import Component, Package

__all__ = ["FRAMEWORKS", "Framework", "processes_of"]

_ALL: tuple[Framework, ...] = (
    ClickFramework(),
    CFramework(),
    PythonFramework(),
    JavaFramework(),
    JavaScriptFramework(),
    ProgramFramework(),
    CovenFramework(),
)

FRAMEWORKS: dict[str, Framework] = {framework.name: framework for framework in _ALL}


def processes_of(package: Package) -> tuple[Component, ...]:
    """The components that are processes: they are prepared, and started beside the engine."""
    return tuple(
        component
        for component in package.components
        if FRAMEWORKS[component.framework].in_process(component)
    )
