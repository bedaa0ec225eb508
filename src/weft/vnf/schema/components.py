"""The schema of `components`: of each framework's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weft.vnf.frameworks import FRAMEWORKS
from weft.vnf.manifest.components import CAPACITY, FALLBACKS, HOLD
from weft.vnf.manifest.program_interfaces import MOST_MTU, PROGRAM_INTERFACE_KEYS
from weft.vnf.manifest.values import IDENTIFIER, INTERFACE, RESOURCE_KEYS
from weft.vnf.quantities import CPU_ALLOWED, DURATION_ALLOWED, MEMORY_ALLOWED
from weft.vnf.schema.shapes import (
    either,
    list_of,
    mapping_of,
    one_of,
    one_or_more,
    record,
    text,
    whole,
)

if TYPE_CHECKING:
    from weft.vnf.schema.shapes import Schema

__all__ = ["COMPONENT_SHAPES", "components_schema", "resources_schema"]

_MAY_BE_EMPTY = text(
    "as it is given to the process; ${NAME} is a parameter",
    type=["string", "number", "boolean", "null"],
)
_PROGRAM_INTERFACE = {
    "address": one_or_more(text("as in 10.0.0.1/24 or fd00::1/64"), "its addresses"),
    "gateway": one_or_more(text("as in 10.0.0.254"), "of default routes, one for IPv4 and IPv6"),
    "mtu": whole("the most bytes of a packet", 68, MOST_MTU, default=1500),
}


def resources_schema(whose: str) -> Schema:
    """What a function or a component may use at most."""
    shapes = {
        "cpu": text(f"cores; {CPU_ALLOWED}"),
        "memory": text(MEMORY_ALLOWED),
    }
    return record(RESOURCE_KEYS, shapes, f"what {whose} may use at most; no limit where not given")


def _interfaces() -> Schema:
    one = record(PROGRAM_INTERFACE_KEYS, _PROGRAM_INTERFACE)
    names = INTERFACE.pattern
    return either(
        "its network interfaces, 16 at most; port N of the component is the N-th",
        list_of(text("a name", INTERFACE), minItems=1, maxItems=16),
        mapping_of(
            {"anyOf": [one, {"type": "null"}]}, "", names, minProperties=1, maxProperties=16
        ),
        default=["eth0"],
    )


COMPONENT_SHAPES: dict[str, Schema] = {
    "file": text("its file in the package"),
    "text": text("Click text, in place of a file"),
    "arguments": list_of(_MAY_BE_EMPTY, "arguments of its process"),
    "environment": mapping_of(_MAY_BE_EMPTY, "variables of its process", IDENTIFIER.pattern),
    "resources": resources_schema("its process"),
    "isolate": one_of(
        "true: a process of its own; private: one that sees only its own packets",
        ("true", "private"),
        default=True,
    ),
    "fallback": one_of(
        "what happens to packets while its process is away", FALLBACKS, default="drop"
    ),
    "hold": whole("packets held at most, with `fallback: hold`", *HOLD, default=4096),
    "limit": text(
        f"taken for hung when it has packets and returned none for so long; {DURATION_ALLOWED}",
        default="1s",
    ),
    "capacity": whole("packets it may have at a time", *CAPACITY, default=512),
    "requirements": one_or_more(text("one requirement"), "what it needs installed"),
    "interfaces": _interfaces(),
    "sources": one_or_more(text("a file of the package"), "further files that are compiled"),
    "libraries": one_or_more(text("as in m or z"), "libraries that it is linked with"),
    "main": text("the class with the `main` method, as in org.example.Main"),
    "flags": one_or_more(text("as in -Xmx64m"), "flags of the machine that runs it"),
    "command": one_or_more(text("a word of the command"), "a program of the server"),
    "input": whole("the TCP port that it takes packets on", 1, 65535),
    "output": whole("the TCP port that it gives packets to", 1, 65535),
    "agent": whole("the TCP port of its extended agent", 1, 65535),
    "requests": one_or_more(text("NAME=MESSAGE"), "values that its agent answers with"),
}
"""What each key of a component means, in whichever framework."""

_IN_THE_ENGINE = one_of(
    "false: a part of the engine; true: a process of its own; private: one that sees only its own "
    "packets",
    ("true", "private", "false"),
    default=False,
)


def components_schema() -> Schema:
    """Entries by name; which keys each has is up to its framework."""
    entry: Schema = {
        "type": "object",
        "required": ["framework"],
        "properties": {"framework": one_of("what it is written in", tuple(FRAMEWORKS))},
        "allOf": [_of_framework(name) for name in FRAMEWORKS],
    }
    about = "the components (VNFCs) of the function, by name"
    names = r"[A-Za-z_][A-Za-z0-9_]{0,47}"
    return mapping_of(entry, about, names, minProperties=1)


def _of_framework(name: str) -> Schema:
    framework = FRAMEWORKS[name]
    keys = {"framework": True, **framework.keys}
    shapes: dict[str, Schema] = {"framework": {"const": name}, **COMPONENT_SHAPES}
    if "text" in framework.keys:
        shapes["isolate"] = _IN_THE_ENGINE
    return {
        "if": {"required": ["framework"], "properties": {"framework": {"const": name}}},
        "then": record(keys, shapes),
    }
