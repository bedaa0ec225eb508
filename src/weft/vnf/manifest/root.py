"""`vnf.yaml`: its keys, what each allows, and how they fit together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.model.package import Component, Package, PackageFile, Parameter, Resources
from weft.model.problem import Problem
from weft.vnf import quantities
from weft.vnf.document import Node, TextNode, read_document
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.path import Path, parse_path
from weft.vnf.reader import Reader, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MANIFEST", "NO_MANIFEST", "read_manifest"]

MANIFEST = "vnf.yaml"
NO_MANIFEST = "missing; a package is a folder or zip with this file"

_KEYS = {
    "weft": True,
    "vnf": True,
    "version": True,
    "provider": False,
    "description": False,
    "interfaces": True,
    "nsh": False,
    "components": True,
    "path": False,
    "parameters": False,
    "resources": False,
    "sandbox": False,
}
_PARAMETER_KEYS = {"type": True, "default": False, "help": False, "handler": False}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_INTERFACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,14}", re.ASCII)
_HANDLER = re.compile(r"[A-Za-z_@][A-Za-z0-9_@/]*\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SANDBOXES = ("auto", "process")
_NSH = ("none",)


def read_manifest(files: Sequence[PackageFile]) -> tuple[Package | None, list[Problem]]:
    """The package that its files describe, and every problem found; no package where one was found."""
    contents = {file.name: file.content for file in files}
    if MANIFEST not in contents:
        return None, [Problem(MANIFEST, 0, NO_MANIFEST)]
    root = read_document(MANIFEST, contents[MANIFEST])
    if isinstance(root, Problem):
        return None, [root]
    manifest = _Manifest(root, files)
    package = manifest.read()
    return (package if not manifest.problems else None), sorted(manifest.problems)


class _Manifest(Reader):
    """One reading of one `vnf.yaml`."""

    def __init__(self, root: Node, files: Sequence[PackageFile]) -> None:
        super().__init__(MANIFEST)
        self.files = tuple(files)
        self.names = frozenset(file.name for file in files)
        self.root = root
        self.keys = self.mapping(root, "", _KEYS)

    def read(self) -> Package:
        interfaces = self._interfaces()
        names, components = self._components(interfaces)
        path, path_line = self._path(interfaces, names)
        self._one_of("weft", ("1",))
        self._one_of("nsh", _NSH)
        return Package(
            name=self._word("vnf", _NAME, "lower-case words joined by hyphens, as in l7-firewall"),
            version=self._word("version", _VERSION, "letters, digits and . + -, as in 1.0.0"),
            provider=self._text("provider"),
            description=self._text("description"),
            interfaces=interfaces,
            components=components,
            path=path,
            path_line=path_line,
            parameters=self._parameters(),
            resources=self._resources(),
            sandbox=self._one_of("sandbox", _SANDBOXES) or "auto",
            files=self.files,
        )

    def _text(self, key: str) -> str:
        return (self.text(self.keys[key][1], f"{key}: ") or "") if key in self.keys else ""

    def _word(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        if key not in self.keys:
            return ""
        return self.word(self.keys[key][1], f"{key}: ", pattern, allowed) or ""

    def _one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        return self.choice(self.keys[key][1], f"{key}: ", allowed) if key in self.keys else None

    def _interfaces(self) -> tuple[str, ...]:
        if "interfaces" not in self.keys:
            return ()
        _, node = self.keys["interfaces"]
        names: list[str] = []
        for item in self.items(node, "interfaces: "):
            allowed = "a letter or _, then letters, digits and _, 15 characters at most"
            name = self.word(item, "interfaces: ", _INTERFACE, allowed)
            if name is None:
                continue
            if name in names:
                self.problem(item.line, f"interfaces: '{name}' is given twice")
            elif name in ("input", "output"):
                self.problem(item.line, f"interfaces: '{name}' is a word of the Click language")
            else:
                names.append(name)
        return tuple(names)

    def _components(
        self, interfaces: Sequence[str]
    ) -> tuple[tuple[str, ...], tuple[Component, ...]]:
        """The names of all components, and those of them that are described in full."""
        if "components" not in self.keys:
            return (), ()
        line, node = self.keys["components"]
        entries = self.entries(node, "components: ")
        if not entries and not self.problems:
            self.problem(line, "components: at least one is needed")
        found = []
        for name, (entry_line, entry) in entries.items():
            if not _IDENTIFIER.fullmatch(name) or name in ("input", "output"):
                allowed = "a letter or _, then letters, digits and _; not input or output"
                self.problem(entry_line, f"components: '{name}' is not valid; allowed: {allowed}")
            elif name in interfaces:
                self.problem(entry_line, f"components: '{name}' is already an interface")
            component = self._component(name, entry)
            if component is not None:
                found.append(component)
        return tuple(name for name in entries if name not in interfaces), tuple(found)

    def _component(self, name: str, node: Node) -> Component | None:
        where = f"components: {name}: "
        keys = self.mapping(node, where, {"framework": True, "file": True})
        framework = (
            self.choice(keys["framework"][1], f"{where}framework: ", tuple(FRAMEWORKS))
            if "framework" in keys
            else None
        )
        file = self._file(keys["file"][1], f"{where}file: ") if "file" in keys else None
        return Component(name, framework, file) if framework and file else None

    def _file(self, node: Node, where: str) -> str | None:
        name = self.text(node, where)
        if name is None or name in self.names:
            return name
        others = sorted(self.names - {MANIFEST})
        shown = others if len(others) <= 20 else []
        self.problem(node.line, f"{where}no file '{name}' in the package{suggestion(name, shown)}")
        return None

    def _path(self, interfaces: Sequence[str], components: Sequence[str]) -> tuple[str | None, int]:
        if "path" not in self.keys:
            if len(components) > 1:
                line = self.keys["components"][0]
                self.problem(line, "missing key 'path'; it is needed with more than one component")
            return None, 0
        _, node = self.keys["path"]
        text = self.text(node, "path: ")
        if text is None or not isinstance(node, TextNode):
            return None, 0
        path = parse_path(text)
        for line, message in path.errors:
            self.problem(node.content_line + line - 1, f"path: {message}")
        self._path_names(path, node, interfaces, components)
        return text, node.content_line

    def _path_names(
        self,
        path: Path,
        node: TextNode,
        interfaces: Sequence[str],
        components: Sequence[str],
    ) -> None:
        known = [*interfaces, *components]
        for name, line in path.names.items():
            if name not in known:
                unknown = f"path: unknown name '{name}'{suggestion(name, known)}"
                self.problem(node.content_line + line - 1, unknown)
        if path.errors:
            return
        for name in known:
            kind = "interface" if name in interfaces else "component"
            if name not in path.names:
                self.problem(node.line, f"path: {kind} '{name}' is not connected")

    def _parameters(self) -> tuple[Parameter, ...]:
        if "parameters" not in self.keys:
            return ()
        found: dict[str, Parameter] = {}
        for name, (line, node) in self.entries(self.keys["parameters"][1], "parameters: ").items():
            if not _IDENTIFIER.fullmatch(name):
                allowed = "a letter or _, then letters, digits and _"
                self.problem(line, f"parameters: '{name}' is not valid; allowed: {allowed}")
            elif name.lower() in found:
                other = found[name.lower()].name
                self.problem(line, f"parameters: '{name}' differs from '{other}' only in case")
            else:
                found[name.lower()] = self._parameter(name, node)
        return tuple(found.values())

    def _parameter(self, name: str, node: Node) -> Parameter:
        where = f"parameters: {name}: "
        keys = self.mapping(node, where, _PARAMETER_KEYS)
        kind = None
        if "type" in keys:
            kind = self.choice(keys["type"][1], f"{where}type: ", tuple(quantities.PARAMETER_TYPES))
        default = self.text(keys["default"][1], f"{where}default: ") if "default" in keys else None
        if kind and default is not None:
            accepts, allowed = quantities.PARAMETER_TYPES[kind]
            if not accepts(default):
                message = f"{where}default: '{default}' is not of type {kind}; allowed: {allowed}"
                self.problem(keys["default"][1].line, message)
            elif kind == "file":
                self._file(keys["default"][1], f"{where}default: ")
        handler = None
        if "handler" in keys:
            form = "ELEMENT.HANDLER, as in filter.config"
            handler = self.word(keys["handler"][1], f"{where}handler: ", _HANDLER, form)
        about = self.text(keys["help"][1], f"{where}help: ") if "help" in keys else None
        return Parameter(name, kind or "text", default, about or "", handler)

    def _resources(self) -> Resources:
        if "resources" not in self.keys:
            return Resources()
        keys = self.mapping(
            self.keys["resources"][1], "resources: ", {"cpu": False, "memory": False}
        )
        cpu = memory = None
        if "cpu" in keys:
            text = self.text(keys["cpu"][1], "resources: cpu: ")
            cpu = quantities.cpu_share(text) if text else None
            if text and cpu is None:
                message = (
                    f"resources: cpu: '{text}' is not valid; allowed: {quantities.CPU_ALLOWED}"
                )
                self.problem(keys["cpu"][1].line, message)
        if "memory" in keys:
            text = self.text(keys["memory"][1], "resources: memory: ")
            memory = quantities.memory_bytes(text) if text else None
            if text and memory is None:
                allowed = quantities.MEMORY_ALLOWED
                message = f"resources: memory: '{text}' is not valid; allowed: {allowed}"
                self.problem(keys["memory"][1].line, message)
        return Resources(cpu, memory)
