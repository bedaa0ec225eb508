"""Values that several keys of `vnf.yaml` share: files, lists, numbers, resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.model.package import MANIFEST, Resources
from weft.vnf import quantities
from weft.vnf.document import ListNode, Node, TextNode
from weft.vnf.reader import Reader, suggestion
from weft.vnf.references import references_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from weft.model.package import PackageFile

    Value = TypeVar("Value")

__all__ = [
    "CLICK_WORDS",
    "IDENTIFIER",
    "INTERFACE",
    "INTERFACE_ALLOWED",
    "PACKAGE_NAME",
    "PACKAGE_NAME_ALLOWED",
    "RESOURCE_KEYS",
    "ManifestReader",
]

RESOURCE_KEYS = {"cpu": False, "memory": False}
CLICK_WORDS = ("input", "output", "define", "elementclass", "provide", "require")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
INTERFACE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,14}", re.ASCII)
PACKAGE_NAME = re.compile(r"(?=.{1,63}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
PACKAGE_NAME_ALLOWED = (
    "lower-case words joined by hyphens, as in l7-firewall, 63 characters at most"
)
INTERFACE_ALLOWED = "a letter or _, then letters, digits and _, 15 characters at most"


class ManifestReader(Reader):
    """Reads `vnf.yaml` beside the other files of its package."""

    def __init__(self, files: Sequence[PackageFile], parameters: Sequence[str] = ()) -> None:
        """`parameters` are the names of those that the package has."""
        super().__init__(MANIFEST)
        self.files = tuple(files)
        self.names = frozenset(file.name for file in files)
        self.parameters = tuple(parameters)

    def package_file(self, node: Node, where: str) -> str | None:
        """The name of a file of the package."""
        name = self.text(node, where)
        if name is None or name in self.names:
            return name
        others = sorted(self.names - {MANIFEST})
        shown = others if len(others) <= 20 else []
        self.problem(node.line, f"{where}no file '{name}' in the package{suggestion(name, shown)}")
        return None

    def any_text(self, node: Node, where: str) -> str | None:
        """A value that may be empty, and goes to a process."""
        if not isinstance(node, TextNode):
            self.problem(node.line, f"{where}a single value is needed, not {node.kind}")
            return None
        if "\0" in node.text:
            self.problem(node.line, f"{where}a zero byte is not allowed")
            return None
        self.references(node.text, node.line, where)
        return node.text

    def references(self, text: str, line: int, where: str) -> None:
        """The parameters that a text names are those of the package."""
        known = {name.lower() for name in self.parameters}
        for name in references_in(text):
            if name.lower() not in known:
                near = suggestion(name, self.parameters)
                message = f"no parameter '{name}'{near}; for '${{' itself write '$${{'"
                self.problem(line, where + message)

    def texts(self, node: Node, where: str) -> tuple[str, ...]:
        """The values of a list, each of which may be empty."""
        found = (self.any_text(item, where) for item in self.items(node, where))
        return tuple(text for text in found if text is not None)

    def one_or_more(self, node: Node, where: str) -> tuple[str, ...]:
        """A value, or a list of values; none is empty."""
        nodes = node.items if isinstance(node, ListNode) else (node,)
        found = [(item.line, self.text(item, where)) for item in nodes]
        if not nodes:
            self.problem(node.line, f"{where}at least one is needed")
        texts = [(line, text) for line, text in found if text is not None]
        for line, text in texts:
            self.references(text, line, where)
        return tuple(text for _, text in texts)

    def quantity(
        self, node: Node, where: str, read: Callable[[str], Value | None], allowed: str
    ) -> Value | None:
        """What `read` makes of a value; it returns None for what is not allowed."""
        text = self.text(node, where)
        value = None if text is None else read(text)
        if text is not None and value is None:
            self.problem(node.line, f"{where}'{text}' is not valid; allowed: {allowed}")
        return value

    def resources(self, node: Node, where: str) -> Resources:
        """The resources of a function or a component."""
        keys = self.mapping(node, where, RESOURCE_KEYS)
        cpu = memory = None
        if "cpu" in keys:
            cpu = self.quantity(
                keys["cpu"][1], f"{where}cpu: ", quantities.cpu_share, quantities.CPU_ALLOWED
            )
        if "memory" in keys:
            memory = self.quantity(
                keys["memory"][1],
                f"{where}memory: ",
                quantities.memory_bytes,
                quantities.MEMORY_ALLOWED,
            )
        return Resources(cpu, memory)
