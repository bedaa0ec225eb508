"""The root of `vnf.yaml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.model.nsh import WHOLE_ROLES
from weft.model.package import DRIVERS, MANIFEST, Package, Resources
from weft.model.problem import Problem
from weft.vnf.document import MappingNode, Node, TextNode, read_document
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.frameworks.click import text_of
from weft.vnf.manifest.components import read_components
from weft.vnf.manifest.nsh import read_nsh, role_in
from weft.vnf.manifest.parameters import read_parameters
from weft.vnf.manifest.values import (
    CLICK_WORDS,
    INTERFACE,
    INTERFACE_ALLOWED,
    PACKAGE_NAME,
    PACKAGE_NAME_ALLOWED,
    ManifestReader,
)
from weft.vnf.path import parse_path
from weft.vnf.quantities import MOMENT_ALLOWED, moment
from weft.vnf.wiring import stores_packets, wiring_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from weft.model.nsh import Nsh
    from weft.model.package import Component, PackageFile, Parameter

__all__ = [
    "INTERFACE_KEYS",
    "LABEL",
    "NO_MANIFEST",
    "ROOT_KEYS",
    "SANDBOXES",
    "VERSION",
    "read_in_part",
    "read_manifest",
]

NO_MANIFEST = "missing; a package is a folder or zip with this file"

ROOT_KEYS = {
    "weft": True,
    "vnf": True,
    "version": True,
    "provider": False,
    "description": False,
    "license": False,
    "changelog": False,
    "released": False,
    "labels": False,
    "interfaces": True,
    "nsh": False,
    "components": True,
    "path": False,
    "parameters": False,
    "resources": False,
    "sandbox": False,
}
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,63}", re.ASCII)
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_LABEL_ALLOWED = "letters, digits and _ . -, 63 at most, the first a letter or digit"
INTERFACE_KEYS = {"driver": False}
SANDBOXES = ("auto", "process")


def read_manifest(files: Sequence[PackageFile]) -> tuple[Package | None, list[Problem]]:
    """The package that its files describe, and every problem found; no package where one was found."""
    package, problems = read_in_part(files)
    return (None if problems else package), problems


def read_in_part(files: Sequence[PackageFile]) -> tuple[Package | None, list[Problem]]:
    """The same, but the package as far as it can be read; none where there is nothing to read."""
    contents = {file.name: file.content for file in files}
    if MANIFEST not in contents:
        return None, [Problem(MANIFEST, 0, NO_MANIFEST)]
    root = read_document(MANIFEST, contents[MANIFEST])
    if isinstance(root, Problem):
        return None, [root]
    manifest = _Manifest(root, files)
    package = manifest.read()
    return package, sorted(manifest.problems)


def _role_of(root: Node) -> str:
    """The role that the package has with the Network Service Header; `none` is one, too."""
    entries = root.entries if isinstance(root, MappingNode) else ()
    return next((role_in(value) for key, value in entries if key.text == "nsh"), "none")


def _parameters_of(root: Node) -> list[str]:
    """The names of the parameters, which entries of components may come before."""
    entries = root.entries if isinstance(root, MappingNode) else ()
    found = (value for key, value in entries if key.text == "parameters")
    return [key.text for node in found if isinstance(node, MappingNode) for key, _ in node.entries]


class _Manifest(ManifestReader):
    """One reading of one `vnf.yaml`."""

    def __init__(self, root: Node, files: Sequence[PackageFile]) -> None:
        super().__init__(files, _parameters_of(root))
        self.role = _role_of(root)
        self.is_whole = self.role in WHOLE_ROLES
        self.keys = self.mapping(root, "", {**ROOT_KEYS, "components": not self.is_whole})

    def read(self) -> Package:
        drivers = self._interfaces()
        interfaces = tuple(drivers)
        components: dict[str, Component | None] = {}
        if self.is_whole:
            self._check_whole()
        elif "components" in self.keys:
            components = read_components(self, self.keys["components"][1], interfaces)
        path, path_line = (None, 0) if self.is_whole else self._path(interfaces, components)
        self._one_of("weft", ("1",))
        parameters = self._parameters(components)
        return Package(
            name=self._word("vnf", PACKAGE_NAME, PACKAGE_NAME_ALLOWED),
            version=self._word("version", VERSION, "letters, digits and . + -, as in 1.0.0"),
            provider=self._text("provider"),
            description=self._text("description"),
            license=self._file("license"),
            changelog=self._file("changelog"),
            released=self._released(),
            labels=self._labels(),
            interfaces=interfaces,
            components=tuple(component for component in components.values() if component),
            path=path,
            path_line=path_line,
            drivers=tuple((name, driver) for name, driver in drivers.items() if driver),
            nsh=self._nsh(interfaces, components, parameters),
            parameters=parameters,
            resources=self._resources(),
            sandbox=self._one_of("sandbox", SANDBOXES) or "auto",
            files=self.files,
        )

    def _text(self, key: str) -> str:
        return (self.text(self.keys[key][1], f"{key}: ") or "") if key in self.keys else ""

    def _file(self, key: str) -> str:
        if key not in self.keys:
            return ""
        return self.package_file(self.keys[key][1], f"{key}: ") or ""

    def _released(self) -> str:
        if "released" not in self.keys:
            return ""
        node = self.keys["released"][1]
        return self.quantity(node, "released: ", moment, MOMENT_ALLOWED) or ""

    def _labels(self) -> tuple[tuple[str, str], ...]:
        if "labels" not in self.keys:
            return ()
        found = []
        for name, (line, node) in self.entries(self.keys["labels"][1], "labels: ").items():
            value = self.word(node, f"labels: {name}: ", LABEL, _LABEL_ALLOWED)
            if not LABEL.fullmatch(name):
                self.problem(line, f"labels: '{name}' is not valid; allowed: {_LABEL_ALLOWED}")
            elif value is not None:
                found.append((name, value))
        return tuple(found)

    def _word(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        if key not in self.keys:
            return ""
        return self.word(self.keys[key][1], f"{key}: ", pattern, allowed) or ""

    def _one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        return self.choice(self.keys[key][1], f"{key}: ", allowed) if key in self.keys else None

    def _interfaces(self) -> dict[str, str | None]:
        """Every interface, and the driver it names; a list of names, or a mapping of names."""
        found: dict[str, str | None] = {}
        for item, settings in self._interface_nodes():
            name = self.word(item, "interfaces: ", INTERFACE, INTERFACE_ALLOWED)
            driver = self._driver(item, settings)
            if name is None:
                continue
            if name in found:
                self.problem(item.line, f"interfaces: '{name}' is given twice")
            elif name in CLICK_WORDS:
                self.problem(item.line, f"interfaces: '{name}' is a word of the Click language")
            else:
                found[name] = driver
        return found

    def _interface_nodes(self) -> Sequence[tuple[Node, Node | None]]:
        if "interfaces" not in self.keys:
            return ()
        _, node = self.keys["interfaces"]
        if isinstance(node, MappingNode):
            return node.entries
        return [(item, None) for item in self.items(node, "interfaces: ")]

    def _driver(self, name: Node, settings: Node | None) -> str | None:
        if settings is None or (isinstance(settings, TextNode) and not settings.text):
            return None
        where = f"interfaces: {name.text if isinstance(name, TextNode) else '?'}: "
        keys = self.mapping(settings, where, INTERFACE_KEYS)
        return self.choice(keys["driver"][1], f"{where}driver: ", DRIVERS) if keys else None

    def _path(
        self, interfaces: Sequence[str], components: Mapping[str, Component | None]
    ) -> tuple[str | None, int]:
        if "path" not in self.keys:
            self._check_without_path(components)
            return None, 0
        _, node = self.keys["path"]
        text = self.text(node, "path: ")
        if text is None or not isinstance(node, TextNode):
            return None, 0
        queues = self._queues(components)
        for line, message in wiring_problems(parse_path(text), interfaces, components, queues):
            place = node.content_line + line - 1 if line else node.line
            self.problem(place, f"path: {message}")
        return text, node.content_line

    def _check_whole(self) -> None:
        """A role that is the whole function leaves nothing to components."""
        for key in ("components", "path"):
            if key in self.keys:
                why = f"a {self.role} has none; leave it out, or choose another role under 'nsh'"
                self.problem(self.keys[key][0], f"{key}: {why}")

    def _nsh(
        self,
        interfaces: Sequence[str],
        components: Mapping[str, Component | None],
        parameters: Sequence[Parameter],
    ) -> Nsh | None:
        if "nsh" not in self.keys:
            return None
        names = [parameter.name for parameter in parameters]
        return read_nsh(self, self.keys["nsh"][1], interfaces, components, names)

    def _check_without_path(self, components: Mapping[str, Component | None]) -> None:
        """Only a Click component that is the whole graph can do without a path."""
        line = self.keys["components"][0] if "components" in self.keys else 0
        if self.role != "none":
            why = f"it is needed with 'nsh', to know what the {self.role} is around"
            self.problem(self.keys["nsh"][0], f"missing key 'path'; {why}")
            return
        if len(components) > 1:
            self.problem(line, "missing key 'path'; it is needed with more than one component")
        for component in components.values():
            if len(components) == 1 and component and self._is_process(component):
                why = f"it is needed with a component in a process, as '{component.name}' is"
                self.problem(line, f"missing key 'path'; {why}")

    def _is_process(self, component: Component) -> bool:
        return FRAMEWORKS[component.framework].in_process(component)

    def _queues(self, components: Mapping[str, Component | None]) -> set[str]:
        """The components in which packets rest before they go on; a broken one may be one."""
        return {
            name
            for name, component in components.items()
            if component is None or component.interfaces or self._has_queue(component)
        }

    def _has_queue(self, component: Component) -> bool:
        if component.framework != "click" or not (component.file or component.text):
            return False
        return stores_packets(text_of(component, self.files))

    def _parameters(self, components: Mapping[str, Component | None]) -> tuple[Parameter, ...]:
        if "parameters" not in self.keys:
            return ()
        processes = [item for item in components.values() if item and self._is_process(item)]
        reserved = {name.lower() for item in processes for name in (item.key_name, item.uid_name)}
        return read_parameters(self, self.keys["parameters"][1], reserved)

    def _resources(self) -> Resources:
        if "resources" not in self.keys:
            return Resources()
        return self.resources(self.keys["resources"][1], "resources: ")
