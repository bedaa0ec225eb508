"""Components written in the Click language: each is a compound element, or the whole graph."""

from __future__ import annotations

__all__ = ["ClickFramework", "line_directive"]


def line_directive(line: int, file: str) -> str:
    """The text that makes the engine count lines of `file` from here on."""
    plain = "".join("_" if char in '"\\' or not char.isprintable() else char for char in file)
    return f'# {line} "{plain}"\n'


class ClickFramework:
    """A Click file with `input` and `output` ports."""

    def element(self, name: str, file: str, text: str) -> str:
        """The file as an anonymous compound, so that its elements are called `name/...`."""
        return f"{name} :: {{\n{line_directive(1, file)}{text}\n}};\n"
