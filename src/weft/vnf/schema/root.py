"""The schema of `vnf.yaml` as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.model.nsh import WHOLE_ROLES
from weft.model.package import DRIVERS
from weft.vnf.manifest.parameters import HANDLER, PARAMETER_KEYS
from weft.vnf.manifest.root import INTERFACE_KEYS, LABEL, ROOT_KEYS, SANDBOXES, VERSION
from weft.vnf.manifest.values import IDENTIFIER, INTERFACE, PACKAGE_NAME
from weft.vnf.quantities import MOMENT_ALLOWED, PARAMETER_TYPES
from weft.vnf.schema.components import components_schema, resources_schema
from weft.vnf.schema.nsh import nsh_schema
from weft.vnf.schema.shapes import either, list_of, mapping_of, one_of, record, text

if TYPE_CHECKING:
    from weft.vnf.schema.shapes import Schema

__all__ = ["PARAMETER_SHAPES", "schema"]

PARAMETER_SHAPES: dict[str, Schema] = {
    "type": one_of("what its values look like", tuple(PARAMETER_TYPES)),
    "default": text("its value where none is given; without a default it must be set"),
    "help": text("what it is for"),
    "handler": text("the handler that has it while the function runs", HANDLER),
}


def schema() -> Schema:
    """A JSON schema (draft 2020-12) that packages without problems satisfy.

    It tells editors of keys, values and defaults. What depends on other files is for `weft package
    check` alone.
    """
    found = record({**ROOT_KEYS, "components": False}, _shapes(), "A VNF package of Weft")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:weft:vnf.yaml:1",
        "title": "vnf.yaml",
        **found,
        "if": _has_whole_role(),
        "then": {"properties": {"components": False, "path": False}},
        "else": {"required": ["components"]},
    }


def _shapes() -> dict[str, Schema]:
    one = record(INTERFACE_KEYS, {"driver": one_of("how frames come and go", DRIVERS)})
    return {
        "weft": one_of("the version of this format", ("1",), enum=[1, "1"]),
        "vnf": text("the function's name: lower-case words joined by hyphens", PACKAGE_NAME),
        "version": text("the version of the package, as in 1.0.0", VERSION),
        "provider": text("who makes it"),
        "description": text("what it does, in a line"),
        "license": text("the file of the package with its licence"),
        "changelog": text("the file of the package that tells what changed"),
        "released": text(MOMENT_ALLOWED),
        "labels": mapping_of(
            text("a value", LABEL), "names and values by which functions are chosen", LABEL.pattern
        ),
        "interfaces": either(
            "its interfaces; a list of names, or a mapping from names to settings",
            list_of(text("a name", INTERFACE)),
            mapping_of({"anyOf": [one, {"type": "null"}]}, "", INTERFACE.pattern),
        ),
        "nsh": nsh_schema(),
        "components": components_schema(),
        "path": text("Click's connections between interfaces and components"),
        "parameters": mapping_of(
            record(PARAMETER_KEYS, PARAMETER_SHAPES),
            "values that may be set when the function is deployed; $NAME in Click text",
            IDENTIFIER.pattern,
        ),
        "resources": resources_schema("the function"),
        "sandbox": one_of("what the function runs in", SANDBOXES, default="auto"),
    }


def _has_whole_role() -> Schema:
    """Whether the role is the whole function, which has no components then."""
    roles = sorted(WHOLE_ROLES)
    named = {"enum": roles}
    return {
        "required": ["nsh"],
        "properties": {
            "nsh": {
                "anyOf": [
                    named,
                    {"type": "object", "required": ["role"], "properties": {"role": named}},
                ]
            }
        },
    }
