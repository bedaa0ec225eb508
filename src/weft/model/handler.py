"""A handler of a function: a value or a command of an element or component, as it is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["HandlerFacts"]


@dataclass(frozen=True, slots=True)
class HandlerFacts:
    """What is known of a handler before it is read, written or called.

    `limits` is `MIN..MAX`, `A|B|C` or `..N bytes`, or empty: of its values, or of a command's argument.
    """

    name: str
    """`ELEMENT.HANDLER`; that of an element in a component is `COMPONENT/ELEMENT`."""
    type: str
    unit: str = ""
    help: str = ""
    limits: str = ""
    readable: bool = False
    writable: bool = False
    callable: bool = False
    parameter: bool = False
    """Whether a read takes a parameter."""

    @property
    def element(self) -> str:
        """The element or component that it is of."""
        return self.name.rpartition(".")[0]

    @property
    def is_command(self) -> bool:
        """Whether it is called: a button is, too, which takes nothing and gives nothing."""
        return self.callable or self.type == "button"

    @property
    def access(self) -> str:
        """`read`, `write`, `read, write` or `call`."""
        if self.is_command:
            return "call"
        return ", ".join(["read"] * self.readable + ["write"] * self.writable)

    def as_data(self) -> dict[str, Any]:
        """Plain data, as programs get it."""
        return {
            "name": self.name,
            "element": self.element,
            "type": self.type,
            "unit": self.unit,
            "access": self.access,
            "limits": self.limits,
            "help": self.help,
            "readable": self.readable,
            "writable": self.writable,
            "callable": self.callable,
            "parameter": self.parameter,
        }
