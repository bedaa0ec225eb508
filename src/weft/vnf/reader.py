"""Reading a document against what is allowed, collecting every problem on the way."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from weft.model.problem import Problem
from weft.vnf.document import ListNode, MappingNode, Node, TextNode

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Mapping

__all__ = ["Reader", "suggestion"]


def suggestion(word: str, allowed: Collection[str]) -> str:
    """The end of a message about an unknown word: a near miss if there is one, and what is allowed."""
    near = difflib.get_close_matches(word, allowed, n=1, cutoff=0.6)
    guess = f" (did you mean '{near[0]}'?)" if near else ""
    return f"{guess}; allowed: {', '.join(allowed) or 'none'}"


class Reader:
    """Takes values out of one file's nodes; what does not fit becomes a problem, never an exception."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def problem(self, line: int, message: str) -> None:
        """Note one problem."""
        self.problems.append(Problem(self.file, line, message))

    def mapping(
        self, node: Node, where: str, keys: Mapping[str, bool]
    ) -> dict[str, tuple[int, Node]]:
        """The known keys of a mapping with their line; `keys` says for each whether it is required."""
        return self.known(node, self.entries(node, where), where, keys)

    def known(
        self,
        node: Node,
        entries: Mapping[str, tuple[int, Node]],
        where: str,
        keys: Mapping[str, bool],
    ) -> dict[str, tuple[int, Node]]:
        """Those of the entries of `node` that are known; unknown and missing ones are problems."""
        found: dict[str, tuple[int, Node]] = {}
        for name, (line, value) in entries.items():
            if name in keys:
                found[name] = (line, value)
            else:
                self.problem(line, f"{where}unknown key '{name}'{suggestion(name, keys)}")
        if isinstance(node, MappingNode):
            for name, required in keys.items():
                if required and name not in found:
                    self.problem(node.line, f"{where}missing key '{name}'")
        return found

    def entries(self, node: Node, where: str) -> dict[str, tuple[int, Node]]:
        """All keys of a mapping with their line."""
        if not isinstance(node, MappingNode):
            self.problem(node.line, f"{where}a mapping is needed, not {node.kind}")
            return {}
        found: dict[str, tuple[int, Node]] = {}
        for key, value in node.entries:
            if key.text in found:
                first = found[key.text][0]
                self.problem(
                    key.line, f"{where}key '{key.text}' is given twice, first on line {first}"
                )
            else:
                found[key.text] = (key.line, value)
        return found

    def items(self, node: Node, where: str) -> tuple[Node, ...]:
        """The items of a list."""
        if isinstance(node, ListNode):
            return node.items
        self.problem(node.line, f"{where}a list is needed, not {node.kind}")
        return ()

    def text(self, node: Node, where: str) -> str | None:
        """A value that is not empty."""
        if not isinstance(node, TextNode):
            self.problem(node.line, f"{where}a single value is needed, not {node.kind}")
            return None
        if not node.text.strip():
            self.problem(node.line, f"{where}a value is needed")
            return None
        return node.text

    def word(self, node: Node, where: str, pattern: re.Pattern[str], allowed: str) -> str | None:
        """A value of a certain form."""
        text = self.text(node, where)
        if text is None or pattern.fullmatch(text):
            return text
        self.problem(node.line, f"{where}'{text}' is not valid; allowed: {allowed}")
        return None

    def choice(self, node: Node, where: str, allowed: Collection[str]) -> str | None:
        """One of a few words."""
        text = self.text(node, where)
        if text is None or text in allowed:
            return text
        self.problem(node.line, f"{where}'{text}' is not known{suggestion(text, allowed)}")
        return None
