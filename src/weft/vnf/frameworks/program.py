"""Any Linux program that works on network interfaces: it gets interfaces of its own in the function."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from weft.model.package import Launch
from weft.model.problem import Problem
from weft.vnf.building.tools import failed, problem_in
from weft.vnf.frameworks.framework import devices_element

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.package import Component, PackageFile
    from weft.vnf.building.tools import Tools
    from weft.vnf.frameworks.framework import Context

__all__ = ["ProgramFramework"]

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ProgramFramework:
    """Port `i` of the component is the program's `i`-th interface, in both directions."""

    name: ClassVar[str] = "program"
    keys: ClassVar[Mapping[str, bool]] = {
        "file": False,
        "command": False,
        "arguments": False,
        "environment": False,
        "resources": False,
        "interfaces": False,
    }

    def in_process(self, component: Component) -> bool:
        """Always."""
        return True

    def element(self, component: Component, context: Context) -> str:
        """The function's end of each interface, as a device."""
        devices = component.devices
        return devices_element(component.name, devices, context.inputs, context.outputs)

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Either a file of the package or a command of the server."""
        if bool(component.file) == bool(component.option("command")):
            needed = "either `file` (of the package) or `command` (of the server) is needed"
            return [problem_in(component, needed)]
        for file in files:
            if file.name == component.file and not file.content.startswith((b"\x7fELF", b"#!")):
                message = "cannot be started; allowed: a program (ELF, or a script with #!)"
                return [Problem(file.name, 0, message)]
        return []

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """Find the program where its user can see it."""
        places = tools.places()
        if component.file:
            program = package_folder / component.file
            program.chmod(0o755)
            command = [str(program)]
        else:
            command = list(component.option("command"))
            found = shutil.which(command[0], path=_PATH)
            if found is None:
                raise failed(
                    component, f"command: no program '{command[0]}' on this server ({_PATH})"
                )
            shown = places.show(Path(found).parent, f"{component.name}.program")
            command[0] = str(shown / Path(found).name)
        return Launch(
            (*command, *component.arguments),
            component.environment,
            str(package_folder),
            mounts=places.mounts,
            ready="start",
            interfaces=tuple(zip(component.interfaces, component.devices, strict=True)),
        )
