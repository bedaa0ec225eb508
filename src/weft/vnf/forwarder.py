"""The Internal Traffic Forwarder: the graph that a package's `path` describes.

Each interface becomes a compound around its device, so that the path is Click text as it stands:

    in :: { from :: FromDevice(in) -> output; input -> queue :: Queue -> to :: ToDevice(in) };

Parameters stay variables (`$NAME`) and get their value when the graph is started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.frameworks.click import line_directive, source_of
from weft.vnf.frameworks.framework import Context
from weft.vnf.manifest import MANIFEST
from weft.vnf.path import parse_path

if TYPE_CHECKING:
    from weft.model.package import Package

__all__ = ["GENERATED", "graph_of"]

GENERATED = "forwarder"


def graph_of(package: Package) -> str:
    """The text of the function's graph, with line directives that point into the package's files."""
    if package.path is None:
        component = package.components[0]
        return source_of(component, package)
    path = parse_path(package.path)
    parts = [line_directive(1, GENERATED)]
    for interface in package.interfaces:
        parts.append(_interface(interface, interface in path.sources, interface in path.targets))
    for component in package.components:
        context = Context(package, frozenset(), frozenset())
        parts.append(FRAMEWORKS[component.framework].element(component, context))
    parts += [line_directive(package.path_line, MANIFEST), package.path]
    return "".join(parts)


def _interface(name: str, is_source: bool, is_target: bool) -> str:
    receive = f" from :: FromDevice({name}) -> output;" if is_source else ""
    send = f" input -> queue :: Queue -> to :: ToDevice({name});" if is_target else ""
    return f"{name} :: {{{receive}{send} }};\n"
