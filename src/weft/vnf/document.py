"""YAML read into nodes that remember their line, so that every problem can be placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from weft.model.problem import Problem

__all__ = ["LARGEST_DOCUMENT_BYTES", "ListNode", "MappingNode", "Node", "TextNode", "read_document"]

_SIZE_LIMIT_BYTES = 256 * 1024
LARGEST_DOCUMENT_BYTES = 2**20
"""What no document is larger than that is read."""

_MOST_NODES = 100_000
_DEEPEST = 100
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULL_TAG = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class TextNode:
    """A single value, exactly as written; empty where nothing was written."""

    text: str
    line: int
    content_line: int
    kind = "a single value"


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of nodes."""

    items: tuple[Node, ...]
    line: int
    kind = "a list"


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and nodes in the order written; a key may appear twice, which the reader reports."""

    entries: tuple[tuple[TextNode, Node], ...]
    line: int
    kind = "a mapping"


Node = TextNode | ListNode | MappingNode


class _UnreadableError(Exception):
    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def read_document(file: str, content: bytes, *, tolerant: bool = False) -> Node | Problem:
    """The root node of a YAML document, or the one problem that makes it unreadable.

    A `tolerant` reading takes larger documents, and aliases, as long as they do not grow too much.
    """
    most = LARGEST_DOCUMENT_BYTES if tolerant else _SIZE_LIMIT_BYTES
    if len(content) > most:
        return Problem(file, 0, f"larger than {most // 1024} KiB")
    try:
        text = content.decode("utf-8")
        root = _compose_large(text) if tolerant else yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return Problem(file, 1, "empty; a package description was expected")
        return _Conversion(_MOST_NODES if tolerant else None).convert(root)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Problem(file, line, "not UTF-8 text")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Problem(file, mark.line + 1 if mark else 1, f"not YAML: {error.problem}")
    except yaml.YAMLError as error:
        return Problem(file, 1, f"not YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        return Problem(file, 1, "nested too deeply")
    except _UnreadableError as error:
        return Problem(file, error.line, error.message)


def _compose_large(text: str) -> yaml.Node | None:
    """Compose with the parser in C where there is one, which depth alone would make crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_FAST):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise _UnreadableError(line, "nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    found: yaml.Node | None = yaml.compose(text, Loader=_FAST)
    return found


class _Conversion:
    """From nodes of the parser to ours: each once, or with aliases at most so many."""

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._seen: set[int] = set()

    def convert(self, node: yaml.Node) -> Node:
        line = node.start_mark.line + 1
        self._count(node, line)
        if isinstance(node, yaml.ScalarNode):
            text = "" if node.tag == _NULL_TAG else str(node.value)
            return TextNode(text, line, line + 1 if node.style in ("|", ">") else line)
        if isinstance(node, yaml.SequenceNode):
            return ListNode(tuple(self.convert(item) for item in node.value), line)
        entries = []
        for key, value in node.value:
            name = self.convert(key)
            if not isinstance(name, TextNode):
                raise _UnreadableError(name.line, f"a key must be a single value, not {name.kind}")
            entries.append((name, self.convert(value)))
        return MappingNode(tuple(entries), line)

    def _count(self, node: yaml.Node, line: int) -> None:
        if self._left is None:
            if id(node) in self._seen:
                raise _UnreadableError(line, "YAML aliases (*name) are not allowed here")
            self._seen.add(id(node))
            return
        self._left -= 1
        if self._left < 0:
            raise _UnreadableError(line, f"more than {_MOST_NODES} values")
