"""Which deployment units can be run, and the `vnf.yaml` of one that can; why others cannot."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from weft.vnf.onboarding.text import manifest_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.vnf.onboarding.descriptor import Descriptor, Vdu
    from weft.vnf.onboarding.members import Members

__all__ = ["RUNS", "framework_of", "manifest_of", "member_of", "why_not"]

RUNS = "Click, C, Python, Java, JavaScript and programs"
"""What can be run."""

_RUNTIMES = {
    ".click": "click",
    ".py": "python",
    ".c": "c",
    ".java": "java",
    ".mjs": "javascript",
    ".js": "javascript",
}
_MACHINES = (".qcow2", ".img", ".vmdk", ".vdi", ".vhd", ".vhdx", ".raw", ".iso", ".ova")
_PROGRAM = (b"\x7fELF", b"#!")


def framework_of(vdu: Vdu, members: Members) -> str:
    """What a deployment unit's image is written in; empty where it is nothing that runs here."""
    name = member_of(vdu.image, members)
    if not name or vdu.is_container or members.is_large(name):
        return ""
    if members.head(name, 4).startswith(_PROGRAM):
        return "program"
    return _RUNTIMES.get(PurePosixPath(name).suffix.lower(), "")


def member_of(file: str, members: Members) -> str:
    """The member that a file's name means, wherever the descriptor lies; empty where there is none."""
    return members.find(file)


def why_not(vdu: Vdu, members: Members) -> str:
    """Why a deployment unit cannot be run."""
    form = f" ({vdu.form})" if vdu.form else ""
    image = f"image '{vdu.image}'{form}"
    if vdu.parts and not vdu.image:
        return f"{vdu.type}: made of the containers {', '.join(vdu.parts)}; what runs: {RUNS}"
    if not vdu.image:
        return f"{vdu.type}: no image is named; what runs: {RUNS}"
    if vdu.is_container:
        return f"{image} is of a container; what runs: {RUNS}"
    if PurePosixPath(vdu.image).suffix.lower() in _MACHINES or vdu.form:
        return f"{image} is of a virtual machine; what runs: {RUNS}"
    if not member_of(vdu.image, members):
        return f"{image} is not in the archive"
    return f"{image} is of a kind that is not known; what runs: {RUNS}"


def manifest_of(descriptor: Descriptor, vdu: Vdu, members: Members, name: str, version: str) -> str:
    """The text of `vnf.yaml` for one deployment unit between the external connection points."""
    facts, framework = descriptor.facts, framework_of(vdu, members)
    interfaces = [_word(point, 15) for point in descriptor.connection_points]
    component, file = _word(vdu.name, 48), member_of(vdu.image, members)
    entry: dict[str, Any] = {"framework": framework, "file": file}
    data: dict[str, Any] = {
        "weft": 1,
        "vnf": name,
        "version": version,
        "provider": facts.get("provider", "unknown"),
        "description": f"Made of descriptor {facts.get('descriptor_id', 'without id')}",
        "interfaces": interfaces,
        "components": {component: entry},
    }
    is_graph = framework == "click" and b"FromDevice" in members.read(file)
    if framework == "program":
        entry["interfaces"] = interfaces
    if not is_graph:
        data["path"] = _path(interfaces, component, framework)
    return manifest_text(data)


def _path(interfaces: Sequence[str], component: str, framework: str) -> str:
    """A program has a port for each interface; others stand between the first and the last."""
    if framework == "program":
        pairs = [(f"[{port}]" if port else "", name) for port, name in enumerate(interfaces)]
        lines = [
            f"{name} -> {port}{component}; {component}{port} -> {name};" for port, name in pairs
        ]
        return "\n".join(lines) + "\n"
    first, last = interfaces[0], interfaces[-1]
    back = f"{last} -> {first};\n" if len(interfaces) > 1 else ""
    return f"{first} -> {component} -> {last};\n{back}"


def _word(name: str, longest: int) -> str:
    word = re.sub(r"\W", "_", name, flags=re.ASCII)[:longest]
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"[:longest]
