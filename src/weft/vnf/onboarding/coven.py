"""`.coven` archives: a zip with `Scripts/install.yaml` and the files of the components that it names.

`PPS` lists components by framework, each with `File`, `Order`, `Input`, `Output`, and perhaps `Arguments`
and an extended agent `EMA` (`Port`, `Requests`); `VNS` names devices, `NSHP` says whether there is an
NSH processor. Programs run as they are; Click components become Click components of ours, whose
sockets are their ports.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from weft.errors import CovenError
from weft.model.package import MANIFEST, PackageFile
from weft.model.problem import Problem
from weft.vnf.document import ListNode, MappingNode, Node, TextNode, read_document
from weft.vnf.onboarding import Onboarded
from weft.vnf.onboarding.imports import needs_of
from weft.vnf.onboarding.text import manifest_text
from weft.vnf.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["INSTALL", "onboard_coven"]

INSTALL = "Scripts/install.yaml"

_FRAMEWORKS = {
    "python3": "coven",
    "python": "coven",
    "exe": "coven",
    "java": "coven",
    "js": "coven",
    "javascript": "coven",
    "click": "click",
}
_TOOLS = ("l2socket", "l2socketfnsh")
_SOCKET = r"Socket\s*\(\s*TCP\s*,\s*[^,()]+,\s*{port}\s*(?:,[^()]*)?\)"
_CONTROL = re.compile(r"^\s*ControlSocket\s*\([^()]*\)\s*;", re.MULTILINE)
_REQUEST = {"Framework": True, "NFs": True}
_FUNCTION = {
    "File": True,
    "Order": True,
    "Input": True,
    "Output": True,
    "Arguments": False,
    "EMA": False,
}
_AGENT = {"Port": True, "Requests": True}


def onboard_coven(
    files: Sequence[PackageFile], called: str, install: bytes | None = None
) -> Onboarded:
    """The package that an archive's files become; CovenError lists what is wrong with them.

    `install` is taken in place of the archive's own configuration.
    """
    contents = {file.name: file.content for file in files}
    if install is None and INSTALL not in contents:
        raise CovenError(called, "YAML", [Problem(INSTALL, 0, "missing; a COVEN package has it")])
    root = read_document(INSTALL, install if install is not None else contents[INSTALL])
    if isinstance(root, Problem):
        raise CovenError(called, "YAML", [root])
    return _Configuration(root, contents, called).onboarded()


class _Component:
    """One network function of `PPS`."""

    def __init__(self, name: str, framework: str, line: int) -> None:
        self.name, self.framework, self.line = name, framework, line
        self.file = ""
        self.order = 0
        self.ports: dict[str, str] = {}
        self.arguments: tuple[str, ...] = ()
        self.agent = ""
        self.requests: dict[str, str] = {}


class _Configuration(Reader):
    """One reading of one `install.yaml`."""

    def __init__(self, root: Node, contents: Mapping[str, bytes], called: str) -> None:
        super().__init__(INSTALL)
        self.contents = contents
        self.called = called
        self.notes: list[Problem] = []
        self.keys = self.entries(root, "")
        self.inputs: dict[str, str] = {}

    def onboarded(self) -> Onboarded:
        components = self._part("PPS", self._components)
        devices = self._part("VNS", self._devices)
        is_proxy = self._part("NSHP", self._nsh)
        self._part("MA", lambda: self._check_agents(components))
        made = [self._entry(item) for item in sorted(components, key=lambda item: item.order)]
        inputs, outputs = devices
        names = [item.name for item in sorted(components, key=lambda item: item.order)]
        path = [f"{name} -> {names[0]};" for name in inputs[1:]]
        path.insert(0, " -> ".join([inputs[0], *names, outputs[0]]) + ";")
        manifest = {
            "weft": 1,
            "vnf": _function_name(self.called),
            "version": "0.0.0",
            "provider": "unknown",
            "description": "Made from a COVEN package",
            "interfaces": list(dict.fromkeys([*inputs, *outputs])),
            **({"nsh": "proxy"} if is_proxy else {}),
            "components": dict(made),
            "path": "\n".join(path) + "\n",
        }
        kept = {**self.contents, MANIFEST: manifest_text(manifest).encode()}
        files = tuple(PackageFile(name, kept[name]) for name in sorted(kept))
        return Onboarded(files, tuple(self.notes))

    def _part(self, part: str, read: Any) -> Any:
        """What a part of the configuration says; the first part with problems is told."""
        found = read()
        if self.problems:
            raise CovenError(self.called, part, sorted(set(self.problems)))
        return found

    def _components(self) -> list[_Component]:
        if "PPS" not in self.keys:
            self.problem(0, "missing key 'PPS'")
            return []
        found: list[_Component] = []
        for request in self.items(self.keys["PPS"][1], "PPS: "):
            keys = self.mapping(request, "PPS: ", _REQUEST)
            framework = self._framework(keys)
            if "NFs" in keys:
                nodes = self.items(keys["NFs"][1], "NFs: ")
                found += [self._component(node, framework, found) for node in nodes]
        if not found:
            self.problem(self.keys["PPS"][0], "PPS: no component")
        orders = sorted(item.order for item in found)
        if found and orders != list(range(1, len(found) + 1)):
            told = ", ".join(map(str, orders))
            message = f"PPS: Order: {told}; allowed: 1 to {len(found)}, each once"
            self.problem(self.keys["PPS"][0], message)
        return found

    def _framework(self, keys: Mapping[str, tuple[int, Node]]) -> str:
        if "Framework" not in keys:
            return ""
        text = self.text(keys["Framework"][1], "Framework: ") or ""
        word = text.lower().removesuffix("framework")
        if word not in _FRAMEWORKS:
            allowed = "Python3, Click, Exe, Java, JavaScript"
            self.problem(
                keys["Framework"][0], f"Framework: '{text}' is not known; allowed: {allowed}"
            )
        return _FRAMEWORKS.get(word, "")

    def _component(self, node: Node, framework: str, others: Sequence[_Component]) -> _Component:
        keys = self.mapping(node, "NFs: ", _FUNCTION)
        component = _Component("", framework, node.line)
        if "File" in keys:
            component.file = self._file(keys["File"][1])
        name = re.sub(r"\W", "_", PurePosixPath(component.file).stem, flags=re.ASCII) or "component"
        name = name if not name[0].isdigit() else f"_{name}"
        taken = {item.name for item in others}
        component.name = next(
            found
            for number in range(1, len(taken) + 2)
            if (found := name if number == 1 else f"{name}_{number}") not in taken
        )
        for key in ("Input", "Output"):
            component.ports[key] = self._port(keys, key)
        if "Order" in keys:
            text = self.text(keys["Order"][1], "Order: ") or ""
            component.order = int(text) if text.isdigit() and len(text) < 6 else 0
        if "Arguments" in keys:
            component.arguments = tuple(self._texts(keys["Arguments"][1], "Arguments: "))
        if "EMA" in keys:
            self._agent(component, keys["EMA"][1])
        return component

    def _file(self, node: Node) -> str:
        """The member of the archive that a path means, wherever COVEN had unpacked it."""
        text = self.text(node, "File: ") or ""
        parts = PurePosixPath(text).parts
        for start in range(len(parts)):
            name = "/".join(parts[start:])
            if name in self.contents:
                return name
        self.problem(node.line, f"File: no file '{text}' in the package")
        return text

    def _port(self, keys: Mapping[str, tuple[int, Node]], key: str) -> str:
        if key not in keys:
            return "0"
        text = self.text(keys[key][1], f"{key}: ") or ""
        if not text.isdigit() or not 0 < int(text[:6]) < 65536:
            self.problem(keys[key][1].line, f"{key}: '{text}' is not a TCP port")
        return text

    def _texts(self, node: Node, where: str) -> Iterator[str]:
        nodes = node.items if isinstance(node, ListNode) else (node,)
        for item in nodes:
            if isinstance(item, TextNode):
                yield item.text
            else:
                self.problem(item.line, f"{where}a single value is needed, not {item.kind}")

    def _agent(self, component: _Component, node: Node) -> None:
        """Read now, told with the agents: COVEN has a code of its own for them."""
        if not isinstance(node, MappingNode):
            return
        entries = {key.text: value for key, value in node.entries}
        port, requests = entries.get("Port"), entries.get("Requests")
        component.agent = port.text if isinstance(port, TextNode) else ""
        if isinstance(requests, MappingNode):
            component.requests = {
                key.text: value.text
                for key, value in requests.entries
                if isinstance(value, TextNode)
            }

    def _check_agents(self, components: Sequence[_Component]) -> None:
        for component in components:
            self._check_agent(component)

    def _check_agent(self, component: _Component) -> None:
        if component.requests and not component.agent:
            self.problem(component.line, f"EMA: '{component.name}' has requests and no Port")
        if component.agent and not component.agent.isdigit():
            self.problem(component.line, f"EMA: Port: '{component.agent}' is not a TCP port")
        if component.framework == "click":
            for name, message in component.requests.items():
                told = (
                    f"request '{name}' ({message!r}) is not relayed; read the component's handlers"
                )
                self.notes.append(Problem(INSTALL, component.line, told))

    def _devices(self) -> tuple[list[str], list[str]]:
        if "VNS" not in self.keys:
            self.problem(0, "missing key 'VNS'")
            return [], []
        line, node = self.keys["VNS"]
        keys = self.mapping(node, "VNS: ", {"Tool": True, "Input": True, "Output": True})
        if "Tool" in keys:
            tool = self.text(keys["Tool"][1], "VNS: Tool: ") or ""
            if tool.lower().removesuffix("tool") not in _TOOLS:
                told = f"VNS: Tool: '{tool}' is replaced by packet sockets"
                self.notes.append(Problem(INSTALL, line, told))
        sides = []
        for key in ("Input", "Output"):
            names = list(self._texts(keys[key][1], f"VNS: {key}: ")) if key in keys else []
            if key in keys and not names:
                self.problem(line, f"VNS: {key}: no device")
            sides.append([re.sub(r"\W", "_", name, flags=re.ASCII)[:15] for name in names])
        for name in sides[1][1:]:
            if name not in sides[0]:
                told = (
                    f"VNS: Output: '{name}' is not used: what comes out leaves by '{sides[1][0]}'"
                )
                self.notes.append(Problem(INSTALL, line, told))
        return sides[0], sides[1][:1]

    def _nsh(self) -> bool:
        if "NSHP" not in self.keys:
            self.problem(0, "missing key 'NSHP'")
            return False
        text = self.text(self.keys["NSHP"][1], "NSHP: ") or ""
        if text.lower() not in ("true", "false", "yes", "no"):
            self.problem(self.keys["NSHP"][0], f"NSHP: '{text}' is not known; allowed: True, False")
        return text.lower() in ("true", "yes")

    def _entry(self, component: _Component) -> tuple[str, dict[str, Any]]:
        if component.framework == "click":
            return component.name, {"framework": "click", "text": self._click_text(component)}
        entry: dict[str, Any] = {
            "framework": "coven",
            "file": component.file,
            "input": int(component.ports["Input"]),
            "output": int(component.ports["Output"]),
            # It has one packet at a time, so that others wait.
            "capacity": 4096,
            "limit": "30s",
        }
        if component.arguments:
            entry["arguments"] = list(component.arguments)
        if component.agent:
            entry["agent"] = int(component.agent)
        if component.requests:
            entry["requests"] = [f"{key}={text}" for key, text in component.requests.items()]
        if component.file.endswith(".py"):
            needs = needs_of(component.file, self.contents[component.file], self.contents)
            self.notes += needs.notes
            if needs.requirements:
                entry["requirements"] = list(needs.requirements)
        return component.name, entry

    def _click_text(self, component: _Component) -> str:
        """The Click text with its two sockets as `input` and `output`."""
        text = self.contents[component.file].decode("utf-8", errors="replace")
        text = _CONTROL.sub("", text)
        for key, port in (("input", "Input"), ("output", "Output")):
            text, count = re.subn(_SOCKET.format(port=component.ports[port]), key, text)
            if not count:
                told = f"no Socket(TCP, ..., {component.ports[port]}) that could be its {key}"
                self.notes.append(Problem(component.file, 0, told))
        return text.strip() + "\n"


def _function_name(called: str) -> str:
    words = re.findall(r"[a-z0-9]+", PurePosixPath(called).stem.lower())
    name = "-".join(words) or "function"
    return name if name[0].isalpha() else f"f-{name}"
