"""Descriptors after SOL006 (YANG, written in YAML), as open-source MANO has them: the same few things."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.vnf.onboarding.nodes import at, entries, items, text

if TYPE_CHECKING:
    from weft.vnf.document import Node

__all__ = ["FACT_NAMES", "Unit", "Yang", "is_sol006", "read_sol006"]

FACT_NAMES = {
    "id": "descriptor_id",
    "provider": "provider",
    "product-name": "product_name",
    "software-version": "software_version",
    "version": "descriptor_version",
}
"""What SOL001 calls its facts."""

Unit = tuple[str, str, str, str | None]
"""A deployment unit: name, image, the image's form, boot data."""

_START = re.compile(rb"^\"?(etsi-nfv-)?(vnfd:)?vnfd(-catalog)?\"?:", re.MULTILINE)
_ROOTS = ("vnfd", "etsi-nfv-vnfd:vnfd", "vnfd:vnfd")
_CATALOGS = ("vnfd:vnfd-catalog", "vnfd-catalog", "etsi-nfv-vnfd:nfv")


def is_sol006(content: bytes) -> bool:
    """Whether a text begins as such a descriptor does."""
    return _START.search(content) is not None


class Yang:
    """What one says: facts by their names in SOL001, connection points, units, Helm charts."""

    def __init__(self, node: Node) -> None:
        self.facts = {
            ours: said for theirs, ours in FACT_NAMES.items() if (said := text(at(node, theirs)))
        }
        points = [*items(at(node, "ext-cpd")), *items(at(node, "connection-point"))]
        self.connection_points = [text(at(one, "id")) or text(at(one, "name")) for one in points]
        images = {text(at(one, "id")): one for one in items(at(node, "sw-image-desc"))}
        self.units = [_unit(one, images) for one in items(at(node, "vdu"))]
        self.charts = {
            text(at(one, "name")): text(at(one, "helm-chart")) or text(at(one, "juju-bundle"))
            for one in items(at(node, "kdu"))
        }


def read_sol006(root: Node) -> Yang | None:
    """What the descriptor in a document says; None where there is none."""
    nodes = [root, *(at(root, name) for name in _CATALOGS)]
    for node in nodes:
        for name in _ROOTS:
            found = at(node, name)
            first = next(iter(items(found)), found)
            if entries(first):
                assert first is not None
                return Yang(first)
    return None


def _unit(node: Node, images: dict[str, Node]) -> Unit:
    called = text(at(node, "sw-image-desc")) or text(at(node, "image"))
    image = images.get(called)
    file = text(at(image, "image")) or text(at(image, "name")) or called
    form = text(at(image, "disk-format")) or "by name"
    boot = at(node, "cloud-init-file")
    name = text(at(node, "id")) or text(at(node, "name"))
    return name, file, form, text(boot) if boot is not None else None
