"""`${NAME}` in a text of `vnf.yaml`: the value of a parameter; `$${` stands for `${` itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["reference_of", "references_in", "substituted"]

_REFERENCE = re.compile(r"\$(\$\{|\{([^}]*)\})")


def references_in(text: str) -> list[str]:
    """The names of the parameters that a text names, as they are written."""
    return [match[2] for match in _REFERENCE.finditer(text) if match[2] is not None]


def reference_of(text: str) -> str | None:
    """The parameter whose value a text is, and nothing else."""
    match = _REFERENCE.fullmatch(text)
    return match[2] if match else None


def substituted(text: str, values: Mapping[str, str]) -> str:
    """The text with values in place of the parameters; one without a value stays as it is written."""
    known = {name.lower(): value for name, value in values.items()}

    def value(match: re.Match[str]) -> str:
        return "${" if match[2] is None else known.get(match[2].lower(), match[0])

    return _REFERENCE.sub(value, text)
