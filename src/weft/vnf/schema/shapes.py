"""What JSON schemas of `vnf.yaml` are made of. YAML reads values as it likes; Weft takes their text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping, Sequence

__all__ = [
    "Schema",
    "either",
    "list_of",
    "mapping_of",
    "one_of",
    "one_or_more",
    "record",
    "text",
    "whole",
]

Schema = dict[str, Any]
_SCALAR = ["string", "number", "boolean"]


def text(about: str, pattern: re.Pattern[str] | str | None = None, **more: Any) -> Schema:
    """A single value, as it is written."""
    found: Schema = {"description": about, "type": list(_SCALAR)} | more
    if pattern is not None:
        source = pattern if isinstance(pattern, str) else pattern.pattern
        found["pattern"] = f"^(?:{source})$".replace("\\Z", "$")
    return found


def whole(about: str, least: int, most: int, **more: Any) -> Schema:
    """A whole number within bounds; as a text, which may name a parameter, it is not looked into."""
    bounds = {"type": "integer", "minimum": least, "maximum": most}
    return {"description": about, "anyOf": [bounds, {"type": "string"}], **more}


def one_of(about: str, allowed: Sequence[str], **more: Any) -> Schema:
    """One of a few words; true and false are words, too."""
    words: list[str | bool] = list(allowed)
    words += [word == "true" for word in allowed if word in ("true", "false")]
    return {"description": about, "enum": words, **more}


def list_of(items: Schema, about: str = "", **more: Any) -> Schema:
    """A list."""
    return {**_about(about), "type": "array", "items": items, **more}


def one_or_more(items: Schema, about: str) -> Schema:
    """A value, or a list of values."""
    return {"description": about, "anyOf": [items, list_of(items, minItems=1)]}


def either(about: str, *schemas: Schema, **more: Any) -> Schema:
    """Any of several."""
    return {"description": about, "anyOf": list(schemas), **more}


def mapping_of(values: Schema, about: str, names: str | None = None, **more: Any) -> Schema:
    """A mapping whose keys a person chooses."""
    found: Schema = {"description": about, "type": "object", "additionalProperties": values, **more}
    if names is not None:
        found["propertyNames"] = {"pattern": f"^(?:{names})$"}
    return found


def record(keys: Mapping[str, bool], shapes: Mapping[str, Schema], about: str = "") -> Schema:
    """A mapping of known keys, of which `keys` says whether each is required."""
    return {
        **_about(about),
        "type": "object",
        "additionalProperties": False,
        "required": [key for key, required in keys.items() if required],
        "properties": {key: shapes[key] for key in keys},
    }


def _about(about: str) -> Schema:
    return {"description": about} if about else {}
