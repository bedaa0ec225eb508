"""The frameworks a component may be written in. A further one is one file and one line here."""

from __future__ import annotations

from weft.vnf.frameworks.c import CFramework
from weft.vnf.frameworks.click import ClickFramework
from weft.vnf.frameworks.framework import Framework
from weft.vnf.frameworks.java import JavaFramework
from weft.vnf.frameworks.javascript import JavaScriptFramework
from weft.vnf.frameworks.program import ProgramFramework
from weft.vnf.frameworks.python import PythonFramework

__all__ = ["FRAMEWORKS", "Framework"]

_ALL: tuple[Framework, ...] = (
    ClickFramework(),
    CFramework(),
    PythonFramework(),
    JavaFramework(),
    JavaScriptFramework(),
    ProgramFramework(),
)

FRAMEWORKS: dict[str, Framework] = {framework.name: framework for framework in _ALL}
