"""The Internal Traffic Forwarder (ITF): the graph that a package's `path` describes.

Each interface becomes a compound around its device, each Click component a compound of its text,
each component in a process an element that exchanges packets with it. So the path is Click text as
it stands:

    in :: { from :: FromDevice(in) -> output; input -> queue :: Queue -> to :: ToDevice(in); };
    filter :: Component($key_filter, UID $uid_filter, CAPACITY 512, ...);
    in -> filter -> out

With a role in service function chains the element `nsh` stands between devices and path; see `nsh.py`.
Parameters stay variables (`$NAME`) and get their value when the graph is started; so do the key and
the user id of each process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.package import MANIFEST
from weft.vnf.frameworks import FRAMEWORKS, processes_of
from weft.vnf.frameworks.click import compound_of, line_directive, source_of
from weft.vnf.frameworks.framework import Context, devices_element
from weft.vnf.nsh import nsh_graph
from weft.vnf.path import parse_path

if TYPE_CHECKING:
    from weft.model.package import Package
    from weft.vnf.path import Path

__all__ = ["GENERATED", "graph_of", "isolated_graphs"]

GENERATED = "forwarder"


def graph_of(package: Package) -> str:
    """The text of the function's graph, with line directives that point into the package's files."""
    if not package.is_composed:
        return source_of(package.components[0], package)
    path = parse_path(package.path or "")
    parts = [_interfaces(package, path)]
    for component in package.components:
        context = Context(package, path.inputs(component.name), path.outputs(component.name))
        if component.line:
            parts.append(line_directive(component.line, MANIFEST))
        parts.append(FRAMEWORKS[component.framework].element(component, context))
    if package.path is not None:
        parts += [line_directive(package.path_line, MANIFEST), package.path]
    return "".join(parts)


def _interfaces(package: Package, path: Path) -> str:
    """All interfaces, with the element of the function's role behind them if it has one."""
    if package.nsh:
        text = nsh_graph(package.nsh, package.interfaces, path)
        return line_directive(package.nsh.line, MANIFEST) + text
    elements = [
        devices_element(name, (name,), path.inputs(name), path.outputs(name))
        for name in package.interfaces
    ]
    return line_directive(1, GENERATED) + "".join(elements)


def isolated_graphs(package: Package) -> list[str]:
    """For each Click component in a process, a graph around it that does nothing but be checked."""
    path = parse_path(package.path or "")
    graphs = []
    for component in processes_of(package):
        if component.framework == "click":
            name = component.name
            joints = [f"Idle -> [{port}]{name};" for port in sorted(path.inputs(name))]
            joints += [f"{name}[{port}] -> Discard;" for port in sorted(path.outputs(name))]
            declared = line_directive(component.line, MANIFEST) + compound_of(component, package)
            graphs.append(declared + "\n".join(joints))
    return graphs
