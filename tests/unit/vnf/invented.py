"""Frameworks that only tests know: one in a process, one whose components are programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from weft.model.package import Launch
from weft.model.problem import Problem
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework, devices_element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weft.model.package import Component, PackageFile
    from weft.vnf.building.tools import Tools
    from weft.vnf.frameworks.framework import Context


class Native(ProcessFramework):
    """Exchanges packets with the engine from a process of its own."""

    name: ClassVar[str] = "native"
    keys: ClassVar[Mapping[str, bool]] = {
        "file": True,
        "requirements": False,
        "main": False,
        **PROCESS_KEYS,
    }

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        if component.option("main") == ("bad",):
            return [Problem("vnf.yaml", component.line, f"'{component.name}' is bad")]
        return []

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        return Launch((component.file,))


class Box(Native):
    """Works on network interfaces."""

    name: ClassVar[str] = "box"
    keys: ClassVar[Mapping[str, bool]] = {"command": True, "interfaces": False, "resources": False}

    def element(self, component: Component, context: Context) -> str:
        return devices_element(component.name, component.devices, context.inputs, context.outputs)
