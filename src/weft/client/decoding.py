"""Frozen data of `weft.model` from the JSON that a server sends."""

from __future__ import annotations

import dataclasses
import functools
import sys
import types
import typing
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

from weft.model.package import Parameter
from weft.model.state import FunctionState

__all__ = ["decode"]

_Kind = TypeVar("_Kind")
# What model files name for type checkers only.
_NAMES: dict[str, Any] = {"UUID": UUID, "FunctionState": FunctionState, "Parameter": Parameter}


def decode(kind: type[_Kind], data: Any) -> _Kind:
    """A dataclass from its fields; those that this program does not know are left out."""
    return typing.cast("_Kind", _decode(kind, data))


def _decode(hint: Any, data: Any) -> Any:
    if data is None or hint is Any:
        return data
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = _hints(hint)
        known = {item.name for item in dataclasses.fields(hint)}
        return hint(**{name: _decode(hints[name], data[name]) for name in known & data.keys()})
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        kinds = [parts[0]] * len(data) if parts[-1] is ... else parts
        return tuple(_decode(part, item) for part, item in zip(kinds, data, strict=True))
    if origin is list:
        return [_decode(parts[0], item) for item in data]
    if origin is dict:
        return {key: _decode(parts[1], value) for key, value in data.items()}
    if origin in (typing.Union, types.UnionType):
        return _decode(next(part for part in parts if part is not type(None)), data)
    if hint is UUID or (isinstance(hint, type) and issubclass(hint, Enum)):
        return hint(data)
    return data


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, vars(sys.modules[kind.__module__]) | _NAMES)
