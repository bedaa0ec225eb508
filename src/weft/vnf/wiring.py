"""What is wrong with a path whose syntax is right: names, ports, circles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.vnf.reader import suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from weft.model.package import Component
    from weft.vnf.path import Connection, Path

__all__ = ["stores_packets", "wiring_problems"]

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_QUEUE = re.compile(r"\b(?:[A-Z][A-Za-z]*)?Queue\b")

_Input = tuple[str, int]


def stores_packets(click: str) -> bool:
    """Whether there is a queue in the text of a Click component."""
    return bool(_QUEUE.search(_COMMENT.sub(" ", click)))


class _Wiring:
    """A path among interfaces and components, of which some may be too broken to be known.

    `queues` are the components in which packets rest: those in a circle end it.
    """

    def __init__(
        self,
        path: Path,
        interfaces: Sequence[str],
        components: Mapping[str, Component | None],
        queues: Collection[str],
    ) -> None:
        self.path = path
        self.interfaces = interfaces
        self.components = components
        self.queues = queues

    @property
    def known(self) -> list[str]:
        """Every name there is."""
        return [*self.interfaces, *self.components]

    def unknown(self) -> Iterator[tuple[int, str]]:
        """Names that nothing has."""
        for name, line in self.path.names.items():
            if name not in self.known:
                yield line, f"unknown name '{name}'{suggestion(name, self.known)}"

    def unconnected(self) -> Iterator[tuple[int, str]]:
        """Names that the path leaves out; they have no line in it."""
        for name in self.known:
            kind = "interface" if name in self.interfaces else "component"
            if name not in self.path.names:
                yield 0, f"{kind} '{name}' is not connected"

    def ports_not_there(self) -> Iterator[tuple[int, str]]:
        """Ports beyond those that an interface or a program has."""
        seen = set()
        for item in self.path.connections:
            for name, kind, port in (
                (item.source, "output", item.output),
                (item.target, "input", item.input),
            ):
                about = self._port_not_there(name, kind, port)
                if about and (name, kind, port) not in seen:
                    seen.add((name, kind, port))
                    yield item.line, about

    def _port_not_there(self, name: str, kind: str, port: int) -> str | None:
        if name in self.interfaces:
            only = "an interface has one input and one output"
            return f"interface '{name}' has no {kind} {port}; {only}" if port else None
        component = self.components.get(name)
        count = len(component.interfaces) if component else 0
        if count and port >= count:
            has = f"it has {count} interface{'s' if count > 1 else ''}"
            return f"'{name}' has no {kind} {port}; {has}"
        return None

    def gaps(self) -> Iterator[tuple[int, str]]:
        """Ports left out below the highest that is connected; a program need not use all."""
        for name, component in self.components.items():
            if component and component.interfaces:
                continue
            for kind, used in (
                ("input", self.path.inputs(name)),
                ("output", self.path.outputs(name)),
            ):
                missing = set(range(max(used, default=0))) - used
                for low, high in _runs(missing):
                    ports = f"{kind} {low}" if low == high else f"{kind}s {low} to {high}"
                    verb = "is" if low == high else "are"
                    yield self.path.names[name], f"{ports} of '{name}' {verb} not connected"

    def reused(self) -> Iterator[tuple[int, str]]:
        """Outputs with two inputs behind them: a packet goes one way."""
        first: dict[tuple[str, int], Connection] = {}
        for item in self.path.connections:
            other = first.setdefault((item.source, item.output), item)
            may_be_pulled = item.source in self.queues and item.source in self.components
            if (other.target, other.input) == (item.target, item.input) or may_be_pulled:
                continue
            of = f"output {item.output} of '{item.source}'"
            ways = f"'{other.target}' and '{item.target}'"
            yield item.line, f"{of} is connected twice, to {ways}; Tee in a Click component copies"

    def circles(self) -> Iterator[tuple[int, str]]:
        """The shortest circle through each component, none of which a queue ends."""
        following = self._following()
        told: set[frozenset[_Input]] = set()
        for start in following:
            circle = _circle(start, following)
            if circle and frozenset(circle) not in told:
                told.add(frozenset(circle))
                way = " -> ".join(f"'{name}'" for name, _ in circle)
                line = following[circle[0]][circle[1]]
                yield line, f"{way} goes round in a circle without a queue"

    def _following(self) -> dict[_Input, dict[_Input, int]]:
        """For each input of a component, those that its packets come to next, and the line."""
        found: dict[_Input, dict[_Input, int]] = {}
        for item in self.path.connections:
            if not self._passes(item.source) or not self._passes(item.target):
                continue
            inputs, outputs = self.path.inputs(item.source), self.path.outputs(item.source)
            for port in sorted(inputs):
                if _flows(port, item.output, len(inputs), len(outputs)):
                    after = found.setdefault((item.source, port), {})
                    after.setdefault((item.target, item.input), item.line)
        return found

    def _passes(self, name: str) -> bool:
        return name in self.components and name not in self.queues


def _flows(port: int, output: int, inputs: int, outputs: int) -> bool:
    """Whether what comes in by an input may leave by an output, as far as numbers tell.

    Ports of the same number are one direction; those without a counterpart serve all of them.
    """
    return port == output or output >= inputs or port >= outputs


def _runs(ports: Collection[int]) -> list[tuple[int, int]]:
    """The first and last of each row of consecutive numbers."""
    firsts = sorted(port for port in ports if port - 1 not in ports)
    lasts = sorted(port for port in ports if port + 1 not in ports)
    return list(zip(firsts, lasts, strict=True))


def _circle(start: _Input, following: Mapping[_Input, Mapping[_Input, int]]) -> list[_Input]:
    """The shortest way from `start` back to it, both ends included; empty where there is none."""
    before = {start: start}
    inputs = [start]
    for one in inputs:
        for after in following.get(one, ()):
            if after == start:
                way = [start, one]
                while way[-1] != start:
                    way.append(before[way[-1]])
                return way[::-1]
            if after not in before:
                before[after] = one
                inputs.append(after)
    return []


def wiring_problems(
    path: Path,
    interfaces: Sequence[str],
    components: Mapping[str, Component | None],
    queues: Collection[str],
) -> list[tuple[int, str]]:
    """All that is wrong, each with its line in the path (from 1), or 0 where it has none."""
    wiring = _Wiring(path, interfaces, components, queues)
    found = [*path.errors, *wiring.unknown()]
    if path.errors:
        return found
    return [
        *found,
        *wiring.unconnected(),
        *wiring.ports_not_there(),
        *wiring.gaps(),
        *wiring.reused(),
        *wiring.circles(),
    ]
