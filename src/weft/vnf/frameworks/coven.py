"""Components written for COVEN: programs that take and give packets over two TCP ports.

They are run as they are, each behind a process of ours (`weft.component.coven`), on a loopback interface
of its own. See https://github.com/ViniGarcia/COVEN for what they expect.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from weft.vnf.building.tools import failed, problem_in
from weft.vnf.frameworks.framework import PROCESS_KEYS, ProcessFramework
from weft.vnf.frameworks.python import PythonFramework
from weft.vnf.quantities import whole_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from weft.model.package import Component, Launch, PackageFile
    from weft.model.problem import Problem
    from weft.vnf.building.tools import Tools

__all__ = ["RUNTIMES", "CovenFramework"]

RUNTIMES = {".py": "python3", ".class": "java", ".js": "node", ".mjs": "node"}
"""What runs a file, by its ending; others are programs themselves."""

_BRIDGE = ("-m", "weft.component.coven")
_PATIENCE_S = 0.1
_PORT_ALLOWED = "a TCP port, from 1 to 65535"


class CovenFramework(ProcessFramework):
    """A program that listens on `input`, connects to `output`, and may have an agent."""

    name: ClassVar[str] = "coven"
    keys: ClassVar[Mapping[str, bool]] = {
        "file": True,
        "input": True,
        "output": True,
        "agent": False,
        "requests": False,
        "requirements": False,
        **PROCESS_KEYS,
    }

    def check(self, component: Component, files: Sequence[PackageFile]) -> list[Problem]:
        """Ports that are none, or clash; requests without an agent, or that are not understood."""
        found = []
        ports = [(key, _port(component, key)) for key in ("input", "output", "agent")]
        for key, port in ports:
            if port is None:
                text = " ".join(component.option(key))
                found.append(f"{key}: '{text}' is not valid; allowed: {_PORT_ALLOWED}")
        used = [port for _, port in ports if port]
        if len(set(used)) < len(used):
            found.append("input, output, agent: each needs a port of its own")
        requests = component.option("requests")
        if requests and not component.option("agent"):
            found.append("requests: only with 'agent', the port of what answers them")
        found += [
            f"requests: '{text}' is not understood; allowed: NAME=MESSAGE"
            for text in requests
            if not text.partition("=")[0].isidentifier() or "=" not in text
        ]
        return [problem_in(component, message) for message in found]

    def prepare(
        self, component: Component, package_folder: Path, build_folder: Path, tools: Tools
    ) -> Launch:
        """What a Python component needs is what the bridge does; that starts the program."""
        bridge = replace(component, arguments=())
        launch = PythonFramework().prepare(bridge, package_folder, build_folder, tools)
        *interpreter, _ = launch.program
        command = [*_runtime(component, interpreter, package_folder), *component.arguments]
        told = {
            "command": command,
            "input": _port(component, "input"),
            "output": _port(component, "output"),
            "agent": _port(component, "agent"),
            "requests": _requests(component),
            "patience_s": _PATIENCE_S,
        }
        program = (*interpreter, *_BRIDGE, json.dumps(told))
        return replace(launch, program=program, loopback=True)


def _port(component: Component, key: str) -> int | None:
    """A port; 0 where none is given, None where it is none."""
    texts = component.option(key)
    if not texts:
        return 0
    return whole_number(texts[0], 1, 65535) if len(texts) == 1 else None


def _requests(component: Component) -> dict[str, str]:
    parts = (text.partition("=") for text in component.option("requests"))
    return {name: message.replace("\\n", "\n") for name, _, message in parts}


def _runtime(component: Component, interpreter: Sequence[str], folder: Path) -> list[str]:
    """The command that runs its file."""
    file = PurePosixPath(component.file)
    runtime = RUNTIMES.get(file.suffix)
    if runtime == "python3":
        return [*interpreter, str(folder / file)]
    if runtime is None:
        (folder / file).chmod(0o755)
        return [str(folder / file)]
    found = shutil.which(runtime)
    if found is None:
        raise failed(component, f"'{file}' needs '{runtime}', which is not installed")
    if runtime == "java":
        return [found, "-cp", str(folder / file.parent), file.stem]
    return [found, str(folder / file)]
