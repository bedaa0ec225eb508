"""What tests of frameworks stand on: a package on the disk, the real tools, a cache of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from weft.errors import PackageError
from weft.launcher import sdk_folder
from weft.model.package import Component, PackageFile
from weft.vnf.building.tools import Tools
from weft.vnf.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from pathlib import Path

    from weft.model.package import Launch


class Bench:
    """One component of one framework, with the files of its package."""

    def __init__(self, folder: Path, framework: str) -> None:
        self.folder = folder
        self.framework = FRAMEWORKS[framework]
        self.component = Component("filter", framework, line=5)
        self.files: dict[str, bytes] = {}
        self.said: list[str] = []
        self.tools = Tools(sdk_folder(), folder / "cache", self.said.append)
        self.count = 0

    def file(self, name: str, content: str | bytes) -> None:
        self.files[name] = content if isinstance(content, bytes) else content.encode()

    def describe(self, **changes: Any) -> None:
        self.component = replace(self.component, **changes)

    def check(self) -> list[str]:
        files = [PackageFile(name, content) for name, content in self.files.items()]
        return [str(problem) for problem in self.framework.check(self.component, files)]

    def prepare(self) -> Launch:
        self.count += 1
        package, build = (self.folder / f"{kind}{self.count}" for kind in ("package", "build"))
        for name, content in self.files.items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_bytes(content)
        build.mkdir()
        return self.framework.prepare(self.component, package, build, self.tools)

    def refused(self) -> list[str]:
        with pytest.raises(PackageError) as error:
            self.prepare()
        return [str(problem) for problem in error.value.problems]


@pytest.fixture
def bench(tmp_path: Path, request: pytest.FixtureRequest) -> Bench:
    """The framework is the one that the test's module names."""
    framework: str = request.module.FRAMEWORK
    return Bench(tmp_path, framework)


@pytest.fixture
def without_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server on which nothing is installed."""
    monkeypatch.setattr("weft.vnf.building.tools.shutil.which", lambda _name, path: None)
