"""YAML read into nodes that remember their line, so that every problem can be placed."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from weft.model.problem import Problem

__all__ = ["ListNode", "MappingNode", "Node", "TextNode", "read_document"]

_SIZE_LIMIT_BYTES = 256 * 1024
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


def read_document(file: str, content: bytes) -> Node | Problem:
    """The root node of a YAML document, or the one problem that makes it unreadable."""
    if len(content) > _SIZE_LIMIT_BYTES:
        return Problem(file, 0, f"larger than {_SIZE_LIMIT_BYTES // 1024} KiB")
    try:
        text = content.decode("utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return Problem(file, 1, "empty; a package description was expected")
        return _convert(root, set())
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


def _convert(node: yaml.Node, seen: set[int]) -> Node:
    line = node.start_mark.line + 1
    if id(node) in seen:
        raise _UnreadableError(line, "YAML aliases (*name) are not allowed here")
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        text = "" if node.tag == _NULL_TAG else str(node.value)
        return TextNode(text, line, line + 1 if node.style in ("|", ">") else line)
    if isinstance(node, yaml.SequenceNode):
        return ListNode(tuple(_convert(item, seen) for item in node.value), line)
    entries = []
    for key, value in node.value:
        name = _convert(key, seen)
        if not isinstance(name, TextNode):
            raise _UnreadableError(name.line, f"a key must be a single value, not {name.kind}")
        entries.append((name, _convert(value, seen)))
    return MappingNode(tuple(entries), line)
