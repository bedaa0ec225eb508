"""The `components` of `vnf.yaml`: what every entry may say, and what only some may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.package import Component, ProgramInterface, Resources
from weft.vnf import quantities
from weft.vnf.document import ListNode, TextNode
from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.frameworks.framework import PROCESS_KEYS
from weft.vnf.manifest.program_interfaces import read_interfaces
from weft.vnf.manifest.values import CLICK_WORDS, IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft.vnf.document import Node
    from weft.vnf.frameworks import Framework
    from weft.vnf.manifest.values import ManifestReader

__all__ = ["CAPACITY", "FALLBACKS", "HOLD", "read_components"]

_READ_HERE = {"framework", "file", "text", "requirements", "interfaces", *PROCESS_KEYS}
FALLBACKS = ("drop", "bypass", "hold")
CAPACITY = (1, 16384)
HOLD = (1, 65536)
_NAME_LIMIT = 48
_DEVICE_LIMIT = 15
_SET_BY_WEFT = ("PATH", "HOME", "TMPDIR")


def read_components(
    reader: ManifestReader, node: Node, interfaces: Sequence[str]
) -> dict[str, Component | None]:
    """Every component by its name; None where its entry is too broken to be one."""
    problems_before = len(reader.problems)
    entries = reader.entries(node, "components: ")
    if not entries and len(reader.problems) == problems_before:
        reader.problem(node.line, "components: at least one is needed")
    found: dict[str, Component | None] = {}
    for name, (line, entry) in entries.items():
        _check_name(reader, name, line, interfaces)
        component = _Entry(reader, name, line, entry).read()
        if name not in interfaces:
            found[name] = component
    return found


def _check_name(reader: ManifestReader, name: str, line: int, interfaces: Sequence[str]) -> None:
    if not IDENTIFIER.fullmatch(name):
        allowed = "a letter or _, then letters, digits and _"
        reader.problem(line, f"components: '{name}' is not valid; allowed: {allowed}")
    elif name in CLICK_WORDS:
        reader.problem(line, f"components: '{name}' is a word of the Click language")
    elif len(name) > _NAME_LIMIT:
        allowed = f"{_NAME_LIMIT} characters at most"
        reader.problem(line, f"components: '{name}' is too long; allowed: {allowed}")
    elif name in interfaces:
        reader.problem(line, f"components: '{name}' is already an interface")


class _Entry:
    """The entry of one component."""

    def __init__(self, reader: ManifestReader, name: str, line: int, node: Node) -> None:
        self.reader = reader
        self.name = name
        self.line = line
        self.node = node
        self.where = f"components: {name}: "
        self.keys: dict[str, tuple[int, Node]] = {}

    def read(self) -> Component | None:
        before = len(self.reader.problems)
        framework = self._framework()
        if framework is None:
            return None
        component = self._component(framework)
        if len(self.reader.problems) == before:
            self.reader.problems.extend(framework.check(component, self.reader.files))
        return component

    def _framework(self) -> Framework | None:
        """Its framework, which says what other keys there may be."""
        written = dict(self.reader.entries(self.node, self.where))
        if "framework" not in written:
            if written:
                self._problem(self.line, "missing key 'framework'")
            return None
        node = written["framework"][1]
        chosen = self.reader.choice(node, f"{self.where}framework: ", tuple(FRAMEWORKS))
        if chosen is None:
            if "file" in written:
                self.reader.package_file(written["file"][1], f"{self.where}file: ")
            return None
        framework = FRAMEWORKS[chosen]
        self.keys = self.reader.known(
            self.node, written, self.where, {"framework": True, **framework.keys}
        )
        return framework

    def _component(self, framework: Framework) -> Component:
        file, (text, text_line) = self._file(), self._inline(framework)
        isolate = self._isolate(framework)
        self._check_keys_of_processes(isolate)
        return Component(
            name=self.name,
            framework=framework.name,
            file=file,
            text=text,
            arguments=self._texts("arguments"),
            environment=self._environment(),
            resources=self._resources(),
            isolate=isolate,
            fallback=self._choice("fallback", FALLBACKS) or "drop",
            hold=self._hold(),
            limit_s=self._limit(),
            capacity=self._number("capacity", *CAPACITY) or 512,
            requirements=self._several("requirements"),
            interfaces=self._interfaces(framework),
            options=tuple((key, self._option(key)) for key in self.keys if key not in _READ_HERE),
            line=self.line,
            text_line=text_line,
        )

    def _problem(self, line: int, message: str) -> None:
        self.reader.problem(line, self.where + message)

    def _file(self) -> str:
        if "file" not in self.keys:
            return ""
        return self.reader.package_file(self.keys["file"][1], f"{self.where}file: ") or ""

    def _inline(self, framework: Framework) -> tuple[str | None, int]:
        """Inline text and its first line; a file takes its place."""
        if "text" not in framework.keys:
            return None, 0
        if "text" not in self.keys:
            if "file" not in self.keys:
                self._problem(self.line, "missing key 'file' or 'text'")
            return None, 0
        if "file" in self.keys:
            self._problem(self.keys["text"][0], "'file' and 'text' exclude each other")
        node = self.keys["text"][1]
        text = self.reader.text(node, f"{self.where}text: ")
        return text, node.content_line if isinstance(node, TextNode) else 0

    def _isolate(self, framework: Framework) -> str:
        """What it is isolated by; only Click can do without a process."""
        can_do_without = "text" in framework.keys
        allowed = ("true", "private", "false") if can_do_without else ("true", "private")
        chosen = self._choice("isolate", allowed) or ("false" if can_do_without else "true")
        return {"false": "none", "true": "process"}.get(chosen, chosen)

    def _check_keys_of_processes(self, isolate: str) -> None:
        """A component in the engine shares its process, and has none of these."""
        if isolate != "none":
            return
        for key in PROCESS_KEYS:
            if key in self.keys and key != "isolate":
                line = self.keys[key][0]
                self._problem(line, f"{key}: only with 'isolate: true', in a process of its own")

    def _environment(self) -> tuple[tuple[str, str], ...]:
        if "environment" not in self.keys:
            return ()
        where = f"{self.where}environment: "
        found = []
        for name, (line, node) in self.reader.entries(self.keys["environment"][1], where).items():
            value = self.reader.any_text(node, f"{where}{name}: ")
            if not IDENTIFIER.fullmatch(name):
                allowed = "a letter or _, then letters, digits and _"
                self.reader.problem(line, f"{where}'{name}' is not valid; allowed: {allowed}")
            elif name.startswith("WEFT_") or name in _SET_BY_WEFT:
                self.reader.problem(line, f"{where}'{name}' is set by weft; choose another")
            elif value is not None:
                found.append((name, value))
        return tuple(found)

    def _resources(self) -> Resources:
        if "resources" not in self.keys:
            return Resources()
        return self.reader.resources(self.keys["resources"][1], f"{self.where}resources: ")

    def _hold(self) -> int:
        number = self._number("hold", *HOLD)
        if "hold" in self.keys:
            fallback = self.keys.get("fallback")
            node = fallback[1] if fallback else None
            if not (isinstance(node, TextNode) and node.text == "hold"):
                self._problem(self.keys["hold"][0], "hold: only with 'fallback: hold'")
        return number or 4096

    def _limit(self) -> float:
        if "limit" not in self.keys:
            return 1.0
        node, where = self.keys["limit"][1], f"{self.where}limit: "
        read, allowed = quantities.duration_s, quantities.DURATION_ALLOWED
        return self.reader.quantity(node, where, read, allowed) or 1.0

    def _interfaces(self, framework: Framework) -> tuple[ProgramInterface, ...]:
        """The network interfaces of a program; their devices are named after it."""
        if "interfaces" not in framework.keys:
            return ()
        found: tuple[ProgramInterface, ...] = (ProgramInterface("eth0"),)
        line = self.line
        if "interfaces" in self.keys:
            line, node = self.keys["interfaces"]
            found = read_interfaces(self.reader, node, f"{self.where}interfaces: ")
        last = Component(self.name, "", interfaces=found).devices[-1:]
        if last and len(last[0]) > _DEVICE_LIMIT:
            allowed = f"{_DEVICE_LIMIT} characters"
            self._problem(line, f"device '{last[0]}' is too long; allowed: {allowed}")
        if self.name == "lo":
            self._problem(self.line, "device 'lo' is there already; choose another name")
        return found

    def _choice(self, key: str, allowed: Sequence[str]) -> str | None:
        if key not in self.keys:
            return None
        return self.reader.choice(self.keys[key][1], f"{self.where}{key}: ", allowed)

    def _number(self, key: str, least: int, most: int) -> int | None:
        if key not in self.keys:
            return None
        return self.reader.quantity(
            self.keys[key][1],
            f"{self.where}{key}: ",
            lambda text: quantities.whole_number(text, least, most),
            f"a whole number from {least} to {most}",
        )

    def _texts(self, key: str) -> tuple[str, ...]:
        if key not in self.keys:
            return ()
        return self.reader.texts(self.keys[key][1], f"{self.where}{key}: ")

    def _several(self, key: str) -> tuple[str, ...]:
        if key not in self.keys:
            return ()
        return self.reader.one_or_more(self.keys[key][1], f"{self.where}{key}: ")

    def _option(self, key: str) -> tuple[str, ...]:
        """What only the framework understands: a text, or a list whose items may be empty."""
        if isinstance(self.keys[key][1], ListNode):
            return self._texts(key)
        return self._several(key)
