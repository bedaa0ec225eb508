"""The frameworks a component may be written in. A further one is one file and one line here."""

from __future__ import annotations

from typing import Protocol

from weft.vnf.frameworks.click import ClickFramework

__all__ = ["FRAMEWORKS", "Framework"]


class Framework(Protocol):
    """How a component of one framework becomes a part of the function's graph."""

    def element(self, name: str, file: str, text: str) -> str:
        """Graph text that declares an element of this name; its ports are the component's."""
        ...


FRAMEWORKS: dict[str, Framework] = {"click": ClickFramework()}
