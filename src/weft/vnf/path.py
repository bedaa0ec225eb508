"""The `path` of a package: Click's connection syntax over the names of interfaces and components.

in -> filter -> out              a line
filter[1] -> [0]merge            a branch by output port, into an input port
a, b -> merge                    several outputs into one input
split[0-1] => a, b               several outputs into as many inputs
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PORT_LIMIT", "Connection", "Path", "parse_path"]

PORT_LIMIT = 255
"""The highest number of a port of a component."""

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|//[^\n]*|/\*.*?\*/)|(?P<newline>\n)|(?P<arrow>->|=>)|(?P<semicolon>;)"
    r"|(?P<comma>,)|(?P<ports>\[[^\[\]\n]*\])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<other>.)",
    re.DOTALL | re.ASCII,
)
_PORTS = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?", re.ASCII)
_CONNECTION_LIMIT = 4096


class Connection(NamedTuple):
    """From an output port of one name to an input port of another; lines count from 1."""

    source: str
    output: int
    target: str
    input: int
    line: int


@dataclass(slots=True)
class Path:
    """Who is connected to whom. Lines count from 1 within the text."""

    connections: list[Connection] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def sources(self) -> frozenset[str]:
        """The names that something flows out of."""
        return frozenset(connection.source for connection in self.connections)

    @property
    def targets(self) -> frozenset[str]:
        """The names that something flows into."""
        return frozenset(connection.target for connection in self.connections)

    def outputs(self, name: str) -> frozenset[int]:
        """The output ports of `name` that are connected."""
        return frozenset(item.output for item in self.connections if item.source == name)

    def inputs(self, name: str) -> frozenset[int]:
        """The input ports of `name` that are connected."""
        return frozenset(item.input for item in self.connections if item.target == name)

    def met_from(self, first: Iterable[str]) -> list[str]:
        """All names in the order in which packets meet them that come in at `first`."""
        found = list(dict.fromkeys(first))
        for name in found:
            ways = (item.target for item in self.connections if item.source == name)
            found += [target for target in dict.fromkeys(ways) if target not in found]
        return found


def parse_path(text: str) -> Path:
    """Read a path; what is wrong with its syntax stands in `errors`."""
    path = Path()
    tokens = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind == "other":
            path.errors.append((line, _unexpected(match[0])))
        elif kind not in ("skip", "newline"):
            tokens.append(_Token(kind, match[0], line))
        line += match[0].count("\n")
    _Parser(path, [*tokens, _Token("end", "", line)]).parse()
    path.errors.sort()
    return path


def _unexpected(char: str) -> str:
    return f"unexpected '{char}'; allowed: names, '->', '=>', '[port]', ',', ';' and comments"


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


class _Mention(NamedTuple):
    """A name in a chain, with the ports written before and behind it."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    line: int


class _Parser:
    """Reads chains: `[ports] name [ports]`, lists of them by commas, joined by arrows."""

    def __init__(self, path: Path, tokens: list[_Token]) -> None:
        self.path = path
        self.tokens = tokens
        self.at = 0

    def parse(self) -> None:
        """Read all chains; each takes one token at least."""
        while self._next().kind != "end":
            self._chain()
            self._accept("semicolon")

    def _next(self) -> _Token:
        return self.tokens[self.at]

    def _accept(self, kind: str) -> _Token | None:
        token = self._next()
        if token.kind != kind:
            return None
        self.at += 1
        return token

    def _chain(self) -> None:
        first = before = self._list()
        joined = False
        while arrow := self._accept("arrow"):
            if not before:
                self._error(arrow.line, f"a name is needed before '{arrow.text}'")
            after = self._list()
            if not after and self._next().kind != "arrow":
                self._error(arrow.line, f"a name is needed after '{arrow.text}'")
            if before and after:
                self._connect(before, after, arrow)
            before, joined = after, True
        if not joined:
            for mention in first:
                self._error(mention.line, f"'{mention.name}' is connected to nothing; use '->'")
            return
        for mention in first:
            if mention.inputs:
                where = f"input {mention.inputs[0]} of '{mention.name}'"
                self._error(mention.line, f"{where} needs '->' before it")
        for mention in before:
            if mention.outputs:
                where = f"output {mention.outputs[0]} of '{mention.name}'"
                self._error(mention.line, f"{where} needs '->' after it")

    def _list(self) -> list[_Mention]:
        found = []
        comma = None
        while True:
            mention = self._mention()
            if mention:
                found.append(mention)
            elif comma:
                self._error(comma.line, "a name is needed after ','")
            elif self._next().kind == "comma":
                self._error(self._next().line, "a name is needed before ','")
            comma = self._accept("comma")
            if comma is None:
                return found

    def _mention(self) -> _Mention | None:
        before = self._accept("ports")
        name = self._accept("name")
        if name is None:
            if before:
                self._error(before.line, f"a name is needed behind '{before.text}'")
            return None
        self.path.names.setdefault(name.text, name.line)
        inputs = self._ports(before) if before else ()
        behind = self._accept("ports")
        outputs = self._ports(behind) if behind else ()
        return _Mention(name.text, inputs, outputs, name.line)

    def _ports(self, token: _Token) -> tuple[int, ...]:
        found: list[int] = []
        for part in token.text[1:-1].split(","):
            match = _PORTS.fullmatch(part)
            if match is None:
                allowed = "allowed: numbers and ranges, as in [1], [0, 2], [0-3]"
                self._error(token.line, f"'{token.text}' names no ports; {allowed}")
                return ()
            low, high = int(match[1]), int(match[2] or match[1])
            if max(low, high) > PORT_LIMIT or low > high:
                allowed = f"allowed: 0 to {PORT_LIMIT}, the lower number first"
                self._error(token.line, f"'{token.text}' names no ports; {allowed}")
                return ()
            found.extend(range(low, high + 1))
        return tuple(found)

    def _connect(self, before: list[_Mention], after: list[_Mention], arrow: _Token) -> None:
        """Pair outputs with inputs: one with each of many, or, by `=>`, many with as many."""
        outputs = [(item.name, port) for item in before for port in item.outputs or (0,)]
        inputs = [(item.name, port) for item in after for port in item.inputs or (0,)]
        if arrow.text == "=>":
            if len(outputs) == 1 and not before[0].outputs:
                outputs = [(before[0].name, port) for port in range(len(inputs))]
            elif len(inputs) == 1 and not after[0].inputs:
                inputs = [(after[0].name, port) for port in range(len(outputs))]
        if len(outputs) > 1 and len(inputs) > 1:
            if arrow.text == "->":
                self._error(arrow.line, "several outputs into several inputs need '=>'")
                return
            if len(outputs) != len(inputs):
                counts = f"{len(outputs)} outputs into {len(inputs)} inputs"
                self._error(arrow.line, f"{counts}: there must be as many of each")
                return
        count = max(len(outputs), len(inputs))
        if len(self.path.connections) + count > _CONNECTION_LIMIT:
            self._error(arrow.line, f"more than {_CONNECTION_LIMIT} connections")
            return
        outputs *= count if len(outputs) == 1 else 1
        inputs *= count if len(inputs) == 1 else 1
        for (source, output), (target, port) in zip(outputs, inputs, strict=True):
            self.path.connections.append(Connection(source, output, target, port, arrow.line))

    def _error(self, line: int, message: str) -> None:
        self.path.errors.append((line, message))
