"""The frameworks a component may be written in. A further one is one file and one line here."""

from __future__ import annotations

from weft.vnf.frameworks.click import ClickFramework
from weft.vnf.frameworks.framework import Framework

__all__ = ["FRAMEWORKS", "Framework"]

_ALL: tuple[Framework, ...] = (ClickFramework(),)

FRAMEWORKS: dict[str, Framework] = {framework.name: framework for framework in _ALL}
