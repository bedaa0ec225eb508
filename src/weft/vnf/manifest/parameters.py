"""The `parameters` of `vnf.yaml`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from weft.model.package import Parameter
from weft.vnf import quantities
from weft.vnf.manifest.values import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Collection

    from weft.vnf.document import Node
    from weft.vnf.manifest.values import ManifestReader

__all__ = ["HANDLER", "PARAMETER_KEYS", "read_parameters"]

PARAMETER_KEYS = {"type": True, "default": False, "help": False, "handler": False}
HANDLER = re.compile(r"[A-Za-z_@][A-Za-z0-9_@/]*\.[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def read_parameters(
    reader: ManifestReader, node: Node, reserved: Collection[str]
) -> tuple[Parameter, ...]:
    """The parameters; `reserved` are names in lower case that are given at the start."""
    found: dict[str, Parameter] = {}
    for name, (line, entry) in reader.entries(node, "parameters: ").items():
        if not IDENTIFIER.fullmatch(name):
            allowed = "a letter or _, then letters, digits and _"
            reader.problem(line, f"parameters: '{name}' is not valid; allowed: {allowed}")
        elif name.lower() in reserved:
            reader.problem(line, f"parameters: '{name}' belongs to a component; choose another")
        elif name.lower() in found:
            other = found[name.lower()].name
            reader.problem(line, f"parameters: '{name}' differs from '{other}' only in case")
        else:
            found[name.lower()] = _parameter(reader, name, entry)
    return tuple(found.values())


def _parameter(reader: ManifestReader, name: str, node: Node) -> Parameter:
    where = f"parameters: {name}: "
    keys = reader.mapping(node, where, PARAMETER_KEYS)
    kind = None
    if "type" in keys:
        kind = reader.choice(keys["type"][1], f"{where}type: ", tuple(quantities.PARAMETER_TYPES))
    default = reader.text(keys["default"][1], f"{where}default: ") if "default" in keys else None
    if kind and default is not None:
        accepts, allowed = quantities.PARAMETER_TYPES[kind]
        if not accepts(default):
            message = f"{where}default: '{default}' is not of type {kind}; allowed: {allowed}"
            reader.problem(keys["default"][1].line, message)
        elif kind == "file":
            reader.package_file(keys["default"][1], f"{where}default: ")
    handler = None
    if "handler" in keys:
        form = "ELEMENT.HANDLER, as in filter.config"
        handler = reader.word(keys["handler"][1], f"{where}handler: ", HANDLER, form)
    about = reader.text(keys["help"][1], f"{where}help: ") if "help" in keys else None
    return Parameter(name, kind or "text", default, about or "", handler)
