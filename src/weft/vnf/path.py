"""The `path` of a package: Click's connection syntax over the names of interfaces and components."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Path", "parse_path"]

_TOKEN = re.compile(
    r"(?P<skip>[ \t\r]+|//[^\n]*|/\*.*?\*/)|(?P<newline>\n)|(?P<arrow>->)|(?P<semicolon>;)"
    r"|(?P<comma>,)|\[(?P<port>\s*\d+\s*)\]|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<other>.)",
    re.DOTALL | re.ASCII,
)


@dataclass(slots=True)
class Path:
    """Who is connected to whom. Lines count from 1 within the text."""

    edges: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)

    @property
    def sources(self) -> frozenset[str]:
        """The names that something flows out of."""
        return frozenset(source for source, _ in self.edges)

    @property
    def targets(self) -> frozenset[str]:
        """The names that something flows into."""
        return frozenset(target for _, target in self.edges)


def parse_path(text: str) -> Path:
    """Read a path; what is wrong with its syntax stands in `errors`."""
    parser = _Parser()
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind not in ("skip", "newline"):
            parser.take(kind, match[0], line)
        line += match[0].count("\n")
    parser.end_statement()
    return parser.path


class _Parser:
    """Takes one token after the other. An end point is `[port] name [port]`, lists are joined by commas."""

    def __init__(self) -> None:
        self.path = Path()
        self.before: list[str] = []  # names left of the last arrow
        self.current: list[str] = []  # names since the last arrow
        self.after_name = False
        self.arrow_open = False
        self.arrow_line = 0
        self.name_line = 0

    def take(self, kind: str, token: str, line: int) -> None:
        if kind == "name":
            self._name(token, line)
        elif kind == "arrow":
            self._arrow(line)
        elif kind == "comma":
            if not self.after_name:
                self._error(line, "a name is needed before ','")
            self.after_name = False
        elif kind == "semicolon":
            self.end_statement()
        elif kind == "other":
            self._error(
                line,
                f"unexpected '{token}'; allowed: names, '->', '[port]', ',', ';' and comments",
            )

    def _name(self, name: str, line: int) -> None:
        if self.after_name:  # two names in a row: the second starts a statement
            self.end_statement()
        self.path.names.setdefault(name, line)
        self.name_line = line
        self.current.append(name)
        self.after_name = True
        self.arrow_open = False

    def _arrow(self, line: int) -> None:
        self.arrow_line = line
        if not self.current:
            self._error(line, "a name is needed before '->'")
            return
        self._connect()
        self.before, self.current = self.current, []
        self.after_name = False
        self.arrow_open = True

    def end_statement(self) -> None:
        """A statement ends: what is still open is connected."""
        if self.arrow_open:
            self._error(self.arrow_line, "a name is needed after '->'")
        elif self.current and not self.before:
            self._error(self.name_line, f"'{self.current[0]}' is connected to nothing; use '->'")
        self._connect()
        self.before, self.current = [], []
        self.after_name = self.arrow_open = False

    def _connect(self) -> None:
        self.path.edges.extend(
            (source, target) for source in self.before for target in self.current
        )

    def _error(self, line: int, message: str) -> None:
        self.path.errors.append((line, message))
