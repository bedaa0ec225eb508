"""Ethernet addresses of interfaces, where there are no devices that have some: on capture files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.model.package import Package

__all__ = ["with_stand_in_addresses"]


def with_stand_in_addresses(graph: str, package: Package) -> str:
    """The graph text of a package, in which its interface `i` has the address 02:00:00:00:00:0i.

    They are given where the graph may ask for them, and says nothing of them itself.
    """
    numbered = enumerate(package.interfaces, 1)
    given = [
        f"{name} 02:00:00:00:00:{number:02x}"
        for number, name in numbered
        if package.nsh or (_asks_for(graph, name) and not _gives(graph, name))
    ]
    return f"{graph}\nAddressInfo({', '.join(given)});\n" if given else graph


def _asks_for(graph: str, name: str) -> bool:
    """Whether the name, or a variable that may stand for it, is followed by `:eth`."""
    return bool(re.search(rf"(?:\b{name}|\$\w+|\$\{{\w+\}}):eth\b", graph))


def _gives(graph: str, name: str) -> bool:
    return bool(re.search(rf"\bAddressInfo\((?:[^)]*,)?\s*{name}\s", graph))
