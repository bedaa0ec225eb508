"""Handlers: values and commands of a component, with type, unit and help."""

from __future__ import annotations

import inspect
import json
import math
import operator
import re
from typing import TYPE_CHECKING, Any

from weft.component.errors import HandlerError
from weft.component.limits import Limits, shortened
from weft.component.protocol import MAX_PAYLOAD, handler_payload

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TYPES", "Handler", "parse_value", "value_text"]

TEXT, LINES, UNSIGNED, INTEGER, REAL, BOOL, BUTTON, JSON, BYTES = range(9)
READ, WRITE, PARAMETER, CALL = 1, 2, 4, 8  # access bits

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
        raise HandlerError(f"'{shortened(text)}' is not of type {WORDS[number]}") from None


def parse_limits(limits: str, number: int) -> Limits:
    """The limits of values of a type; raises ValueError where they make no sense."""

    def read(text: str) -> int | float:
        value = _parsed(None, number, text)
        assert isinstance(value, int | float)
        return value

    is_number = number in (UNSIGNED, INTEGER, REAL)
    most_bytes = number in (TEXT, LINES, JSON, BYTES)
    return Limits.parse(limits, WORDS[number], read if is_number else None, most_bytes)


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
    if number == BUTTON:
        return b""  # of a command without a result
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

    def __init__(
        self,
        name: str,
        kind: object,
        unit: str,
        help: str,  # noqa: A002
        limits: str = "",
        *,
        command: bool = False,
    ) -> None:
        if not NAME.fullmatch(name):
            raise ValueError(
                f"a handler's name has letters, digits and _, not a digit first, at most 64: '{name}'"
            )
        if kind not in TYPES:
            allowed = ", ".join(getattr(k, "__name__", str(k)) for k in TYPES)
            raise ValueError(f"handler '{name}': no type {kind!r}; types: {allowed}")
        for text in (unit, help, limits):
            if "\0" in text:
                raise ValueError(f"handler '{name}': unit, help and limits hold no zero byte")
        self.name, self.kind, self.unit, self.help, self.limits = name, kind, unit, help, limits
        self.number = TYPES[kind]
        self.is_command = command
        try:  # a command's limits are those of its argument, a text
            self._limits = parse_limits(limits, TEXT if command else self.number)
        except ValueError as error:
            raise ValueError(f"handler '{name}': {error}") from None
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
        if self.is_command:
            raise ValueError(f"handler '{self.name}' is a command: it cannot be written too")
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
        if self.is_command:
            return READ | PARAMETER | CALL
        return (
            READ * (self._read is not None)
            | WRITE * (self._write is not None)
            | PARAMETER * self.takes_parameter
        )

    def payload(self) -> bytes:
        """Its declaration as bytes."""
        texts = (self.name, self.unit, self.help, self.limits)
        return handler_payload(self.number, self.access, *texts)

    def read(self, parameter: bytes) -> bytes:
        """Answers a read, or a command's call; raises HandlerError in words for the caller."""
        if self._read is None:
            raise HandlerError(f"handler '{self.name}' cannot be read")
        if self.is_command:
            return value_text(self.kind, self._called(parameter))
        if self.takes_parameter:
            return value_text(self.kind, self._read(parse_value(str, parameter)))
        return value_text(self.kind, self._read())

    def _called(self, data: bytes) -> Any:
        assert self._read is not None
        argument = parse_value(str, data)
        if not self.takes_parameter:
            if data:
                raise HandlerError(f"command '{self.name}' takes no argument")
            return self._read()
        self._limits.check(argument, data)
        return self._read(argument)

    def written(self, data: bytes) -> None:
        """Takes a write; raises HandlerError in words for the caller."""
        if self._write is None:
            raise HandlerError(f"handler '{self.name}' cannot be written")
        if self.number == BUTTON:
            self._write()
        else:
            value = parse_value(self.kind, data)
            self._limits.check(value, data)
            self._write(value)
