"""Handlers: values and commands of a component, with type, unit and help."""

from __future__ import annotations

import inspect
import json
import math
import operator
import re
from typing import TYPE_CHECKING, Any

from weft.component.errors import HandlerError
from weft.component.protocol import MAX_PAYLOAD, handler_payload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TYPES", "Handler", "parse_value", "value_text"]

TEXT, LINES, UNSIGNED, INTEGER, REAL, BOOL, BUTTON, JSON, BYTES = range(9)
READ, WRITE, PARAMETER = 1, 2, 4  # access bits

# What `type=` takes. "json" is text that is checked to be JSON; dict and list are Python values of it.
TYPES: dict[object, int] = {
    str: TEXT,
    "text": TEXT,
    "lines": LINES,
    "unsigned": UNSIGNED,
    int: INTEGER,
    "integer": INTEGER,
    float: REAL,
    "real": REAL,
    bool: BOOL,
    "bool": BOOL,
    "button": BUTTON,
    None: BUTTON,
    dict: JSON,
    list: JSON,
    "json": JSON,
    bytes: BYTES,
    "bytes": BYTES,
}
WORDS = ("text", "lines", "unsigned", "integer", "real", "bool", "button", "JSON", "bytes")
SHOWN = 200  # characters of a refused value that its error repeats
RANGES = {UNSIGNED: (0, 2**64 - 1), INTEGER: (-(2**63), 2**63 - 1)}
NUMBER = {UNSIGNED: re.compile(r"[0-9]{1,40}"), INTEGER: re.compile(r"-?[0-9]{1,40}")}
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def parse_value(kind: object, data: bytes) -> Any:
    """The Python value of what was written; raises HandlerError if it is not of the type `kind`."""
    number = TYPES[kind]
    if number == BYTES:
        return data
    try:
        return _parsed(kind, number, data.decode())
    except (ValueError, RecursionError):
        text = data.decode(errors="replace")
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
        raise HandlerError(f"'{shown}' is not of type {WORDS[number]}") from None


def _parsed(kind: object, number: int, text: str) -> Any:
    if number in RANGES:
        return _within(number, text)
    if number == REAL:
        value = float(text) if DECIMAL.fullmatch(text) else math.inf
        if not math.isfinite(value):
            raise ValueError
        return value
    if number == BOOL:
        if text not in TRUTHS:
            raise ValueError
        return TRUTHS[text]
    if number == JSON:
        value = json.loads(text, parse_constant=_no_constant)
        return text if kind == "json" else value
    return text


def _within(number: int, text: str) -> int:
    low, high = RANGES[number]
    if not NUMBER[number].fullmatch(text) or not low <= int(text) <= high:
        raise ValueError
    return int(text)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def value_text(kind: object, value: Any) -> bytes:
    """What a read answers; raises HandlerError if the value is not of the type `kind`."""
    number = TYPES[kind]
    try:
        data = _formatted(kind, number, value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise HandlerError(f"{value!r} is not of type {WORDS[number]}") from None
    if len(data) > MAX_PAYLOAD:
        raise HandlerError(f"a value of {len(data)} bytes; at most {MAX_PAYLOAD} are allowed")
    return data


def _formatted(kind: object, number: int, value: Any) -> bytes:
    if number == BYTES:
        return memoryview(value).tobytes()
    if number in RANGES:
        return b"%d" % _within(number, str(operator.index(value)))
    if number == REAL:
        if not math.isfinite(value):
            raise ValueError
        return repr(float(value)).removesuffix(".0").encode()
    if number == BOOL:
        return b"true" if value else b"false"
    if number == JSON and kind != "json":
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return str(value).encode()


class Handler:
    """One handler of a component; made by `Component.handler`, which says how to use it."""

    def __init__(self, name: str, kind: object, unit: str, help: str) -> None:  # noqa: A002
        if not NAME.fullmatch(name):
            raise ValueError(
                f"a handler's name has letters, digits and _, not a digit first, at most 64: '{name}'"
            )
        if kind not in TYPES:
            allowed = ", ".join(getattr(k, "__name__", str(k)) for k in TYPES)
            raise ValueError(f"handler '{name}': no type {kind!r}; types: {allowed}")
        for text in (unit, help):
            if "\0" in text:
                raise ValueError(f"handler '{name}': unit and help hold no zero byte")
        self.name, self.kind, self.unit, self.help = name, kind, unit, help
        self.number = TYPES[kind]
        self._read: Callable[..., Any] | None = None
        self._write: Callable[..., Any] | None = None
        self.takes_parameter = False

    def reads(self, function: Callable[..., Any]) -> Handler:
        """`function` gives the value; with an argument, that is the parameter of the read (text)."""
        self._read = function
        self.takes_parameter = bool(inspect.signature(function).parameters)
        return self

    def write(self, function: Callable[..., Any]) -> Handler:
        """`function` takes the value written; a button's function takes nothing."""
        self._write = function
        return self

    def __call__(self, *arguments: Any) -> Any:
        """Calls the author's function, as if it were not decorated."""
        function = self._read or self._write
        assert function is not None
        return function(*arguments)

    @property
    def access(self) -> int:
        """The contract's access bits."""
        return (
            READ * (self._read is not None)
            | WRITE * (self._write is not None)
            | PARAMETER * self.takes_parameter
        )

    def payload(self) -> bytes:
        """Its declaration as bytes."""
        return handler_payload(self.number, self.access, self.name, self.unit, self.help)

    def read(self, parameter: bytes) -> bytes:
        """Answers a read; raises HandlerError in words for the caller."""
        if self._read is None:
            raise HandlerError(f"handler '{self.name}' cannot be read")
        if self.takes_parameter:
            return value_text(self.kind, self._read(parse_value(str, parameter)))
        return value_text(self.kind, self._read())

    def written(self, data: bytes) -> None:
        """Takes a write; raises HandlerError in words for the caller."""
        if self._write is None:
            raise HandlerError(f"handler '{self.name}' cannot be written")
        if self.number == BUTTON:
            self._write()
        else:
            self._write(parse_value(self.kind, data))
