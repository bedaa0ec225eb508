"""The plan of a change: which components of a running function start, stay, are replaced or end."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weft.errors import PackageError
from weft.model.change import ChangePlan
from weft.model.package import MANIFEST, Package
from weft.model.problem import Problem
from weft.vnf.forwarder import graph_of
from weft.vnf.frameworks import processes_of
from weft.vnf.parameters import bound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weft.model.package import Component

__all__ = ["Processes", "bound_graph", "next_keys", "plan_change"]

_DOCUMENTS = (".md", ".rst")


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of a function: the key of each component's, and how many keys a name has had."""

    keys: Mapping[str, str]
    numbers: Mapping[str, int]


def plan_change(
    old: Package,
    new: Package,
    processes: Processes,
    called: str,
    values: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> ChangePlan:
    """What becomes of each component; PackageError lists all that a running function cannot do.

    `values` are those of the parameters, before and after: a component that is made with one that
    changes is replaced. The graph still has variables for keys and user ids: see `bound_graph`.
    """
    before = {component.name: component for component in old.components}
    after = {component.name: component for component in new.components}
    made_of = (_Made(old, new, values[0]), _Made(new, old, values[1]))
    problems = _impossible(old, new, made_of)
    if problems:
        raise PackageError(called, sorted(set(problems)))
    both = [name for name in after if name in before]
    kept = tuple(name for name in both if made_of[0](before[name]) == made_of[1](after[name]))
    return ChangePlan(
        started=tuple(name for name in after if name not in before),
        kept=kept,
        replaced=tuple(name for name in both if name not in kept),
        ended=tuple(name for name in before if name not in after),
        graph=graph_of(new),
        keys=tuple(next_keys(new, kept, processes).items()),
        version=new.version,
    )


def next_keys(new: Package, kept: tuple[str, ...], processes: Processes) -> dict[str, str]:
    """The key of each process: its own while it stays, else NAME, NAME.2, NAME.3, ..."""
    keys = {}
    for component in processes_of(new):
        name = component.name
        if name in kept and name in processes.keys:
            keys[name] = processes.keys[name]
        else:
            number = processes.numbers.get(name, 0) + 1
            keys[name] = name if number == 1 else f"{name}.{number}"
    return keys


def bound_graph(graph: str, keys: Mapping[str, str], uids: Mapping[str, int]) -> str:
    """A graph in which the keys and user ids of the components' processes stand."""
    known = {f"key_{name}": key for name, key in keys.items()}
    known |= {f"uid_{name}": str(uids[key]) for name, key in keys.items()}

    def value(match: re.Match[str]) -> str:
        return known.get(match[1] or match[2], match[0])

    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, graph)


def _impossible(old: Package, new: Package, made_of: tuple[_Made, _Made]) -> list[Problem]:
    found = []
    if old.name != new.name:
        message = f"vnf: it is '{new.name}', the function that runs is of '{old.name}'"
        found.append(Problem(MANIFEST, 0, message))
    if old.interfaces != new.interfaces:
        ours, theirs = ", ".join(new.interfaces), ", ".join(old.interfaces)
        message = f"interfaces: they cannot change while the function runs: {ours}, not {theirs}"
        found.append(Problem(MANIFEST, 0, message))
    before = {component.name: component for component in old.components}
    for component in new.components:
        was = before.pop(component.name, None)
        if component.interfaces and (was is None or made_of[0](was) != made_of[1](component)):
            found.append(_of_program(component.name, "come to", component.line))
    found += [_of_program(item.name, "leave", 0) for item in before.values() if item.interfaces]
    return found


def _of_program(name: str, verb: str, line: int) -> Problem:
    message = (
        f"components: {name}: a program with interfaces cannot {verb} a running function; stop it "
        "and run the new package"
    )
    return Problem(MANIFEST, line, message)


class _Made:
    """What a component of a package is made of: its entry, its file, and what no other has alone."""

    def __init__(self, package: Package, other: Package, values: Mapping[str, str]) -> None:
        self._files = package.files
        self._values = values
        self._owned = {item.file for item in (*package.components, *other.components)}
        self._owned |= {MANIFEST, package.license, package.changelog}

    def __call__(self, component: Component) -> object:
        files = frozenset(file for file in self._files if self._concerns(component, file.name))
        return bound(replace(component, line=0, text_line=0), self._values), files

    def _concerns(self, component: Component, name: str) -> bool:
        if name == component.file:
            return True
        return not (name in self._owned or name.endswith(_DOCUMENTS))
