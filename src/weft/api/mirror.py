"""Models of the edge made from the frozen data of `weft.model`, so that each thing is described once."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Union
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from weft.model.state import FunctionState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["mirror"]

# What model files name for type checkers only.
_NAMES: dict[str, Any] = {"UUID": UUID, "FunctionState": FunctionState}
_made: dict[type, type[BaseModel]] = {}


def mirror(
    kind: type,
    name: str,
    fields: Mapping[str, str],
    example: Mapping[str, Any],
    **further: tuple[Any, Any],
) -> type[BaseModel]:
    """A model with the fields of a dataclass, described by `fields`; `further` are fields of its own.

    A field that the dataclass comes to have appears by itself, with its name as its description.
    """
    _NAMES[kind.__name__] = kind
    module = vars(sys.modules[kind.__module__])
    hints = typing.get_type_hints(kind, module | _NAMES | {kind.__name__: kind})
    defined: dict[str, tuple[Any, Any]] = {
        item.name: (
            _outer(hints[item.name]),
            Field(description=fields.get(item.name, _words(item.name))),
        )
        for item in dataclasses.fields(kind)
    }
    whole = {item.name: _sample(hints[item.name]) for item in dataclasses.fields(kind)}
    whole |= {field: _example(model) for field, (model, _) in further.items()}
    whole |= {
        field: _completed(hints[field], value) if field in hints else value
        for field, value in example.items()
    }
    model: type[BaseModel] = create_model(
        name,
        __config__=ConfigDict(json_schema_extra={"examples": [whole]}),
        __doc__=kind.__doc__,
        **{**defined, **further},  # type: ignore[call-overload]
    )
    _made[kind] = model
    return model


def _sample(hint: Any) -> Any:
    """A value of a type, for examples that do not give a better one."""
    if hint in _made:
        return _example(_made[hint])
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint)).value
    known = {int: 1, float: 1.5, bool: True, str: "", UUID: str(UUID(int=1))}
    if hint in known:
        return known[hint]
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return [_sample(part) for part in parts if part is not ...]
    if origin in (typing.Union, types.UnionType):
        return _sample(next(part for part in parts if part is not type(None)))
    return [] if origin is list else {}


def _example(model: type[BaseModel]) -> Any:
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict)
    examples = extra["examples"]
    assert isinstance(examples, list)
    return examples[0]


def _completed(hint: Any, value: Any) -> Any:
    """An example with samples for the fields that it leaves out."""
    if isinstance(value, list):
        parts = [part for part in typing.get_args(hint) if part is not ...]
        return [_completed(parts[0], item) for item in value] if len(parts) == 1 else value
    return {**_sample(hint), **value} if hint in _made and isinstance(value, dict) else value


def _words(name: str) -> str:
    """What a name says by itself."""
    return f"{name.replace('_', ' ').capitalize()}."


def _outer(hint: Any) -> Any:
    """A type as the edge has it: models for dataclasses."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _made.get(hint) or mirror(hint, hint.__name__, {}, {})
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    parts = typing.get_args(hint)
    if not parts:
        return hint
    origin = typing.get_origin(hint)
    if origin is Annotated:
        return hint
    if origin is tuple and ... not in parts:
        # Few programs that read descriptions know tuples.
        kinds: Any = Union[tuple(_outer(part) for part in parts)]  # noqa: UP007
        return Annotated[list[kinds], Field(min_length=len(parts), max_length=len(parts))]
    turned = tuple(part if part is ... else _outer(part) for part in parts)
    if turned == parts:
        return hint
    if origin is tuple:
        return tuple.__class_getitem__(turned)
    return list[turned[0]] if origin is list else Union[turned]  # type: ignore[valid-type]  # noqa: UP007
