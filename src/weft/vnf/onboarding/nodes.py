"""Asking nodes of a document that may lack anything."""

from __future__ import annotations

from weft.vnf.document import ListNode, MappingNode, Node, TextNode

__all__ = ["at", "entries", "items", "named_items", "text"]


def at(node: Node | None, *keys: str) -> Node | None:
    """What lies below these keys, one after the other."""
    for key in keys:
        node = dict(entries(node)).get(key)
    return node


def entries(node: Node | None) -> list[tuple[str, Node]]:
    """The keys of a mapping and what lies below each."""
    if not isinstance(node, MappingNode):
        return []
    return [(key.text, value) for key, value in node.entries]


def items(node: Node | None) -> tuple[Node, ...]:
    """What a list holds."""
    return node.items if isinstance(node, ListNode) else ()


def named_items(node: Node | None) -> list[tuple[str, Node]]:
    """The entries of a mapping, or of every mapping in a list: TOSCA writes requirements either way."""
    return [*entries(node), *(pair for item in items(node) for pair in entries(item))]


def text(node: Node | None) -> str:
    """A single value; empty where there is none."""
    return node.text if isinstance(node, TextNode) else ""
